import { createRequire } from 'node:module'

import { processWide, telemetryFaults } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'
import { appendToModules, isInstalled } from './append-to-modules.ts'
import { warnOfImportedBefore, warnOfLoadedBefore, type WatchedModules } from './loaded-before.ts'

const require = createRequire(import.meta.url)

/** What is to be done with the exports of some modules of the app's. */
export interface ModuleExportsHook extends WatchedModules {
  /** Names that the modules give to what is observed, those that not every one of them has included. */
  readonly names: readonly string[]
  /**
   * Is handed the exports by these names once such a module has been evaluated, before who loads it sees them; and of a
   * CommonJS module all of them as `whole`, whose place is taken by what is returned, if anything is.
   */
  readonly observe: (exports: Readonly<Record<string, unknown>>, whole?: unknown) => unknown
  /** Functions of an ES module, by names of its own, whose places are taken by what `observe` returns under these. */
  readonly functions?: readonly string[]
}

/** What the end of a module calls; both builds and all hooks share it, each hook under a name of its own. */
const KEY = '@mcp/otel/module-exports'

/**
 * Hands the exports of the app's modules on as soon as these are evaluated, and of those that `require` has loaded by now.
 */
export function hookModuleExports(hooks: Readonly<Record<string, ModuleExportsHook>>): void {
  const state = processWide<{ isHooked?: true }>('module-hooks', () => ({}))
  if (state.isHooked) return
  state.isHooked = true
  const all = Object.entries(hooks).map(([name, hook]) => ({
    hook,
    receive: receiverOf(hook),
    lines: linesOf(name, hook),
  }))
  const receivers = Object.fromEntries(Object.keys(hooks).map((name, index) => [name, all[index]?.receive]))
  Object.defineProperty(globalThis, Symbol.for(KEY), { value: receivers, configurable: true })
  for (const [file, loaded] of Object.entries(require.cache)) {
    // The patterns are not compiled for what is there at most starts: files of ours.
    if (!isInstalled(file) || file.startsWith(import.meta.dirname)) continue
    const found = all.find(({ hook }) => hook.files.test(file))
    const instead = found?.receive(loaded?.exports, true)
    if (found === undefined || instead === undefined || loaded === undefined) continue
    loaded.exports = instead
    if (isRequiredByApp(loaded)) warnOfLoadedBefore(found.hook)
  }
  warnOfImportedBefore(Object.values(hooks))
  try {
    appendToModules(all.map(({ hook, lines }) => ({ files: hook.files, lines })))
  } catch (error) {
    const reason = reasonOf(error)
    // A module without names for others is CommonJS, for which Node's loader thread is not needed.
    for (const { hook } of all.filter((each) => each.hook.names.length > 0))
      diag.warn(`${hook.what} cannot be found by themselves: ${reason}; ${hook.instead}`)
  }
}

/** Who has required it by now has what it was before. */
function isRequiredByApp(loaded: NodeJS.Module): boolean {
  return Object.values(require.cache).some(
    (other) => other?.children.includes(loaded) === true && !/[\\/]node_modules[\\/]/.test(other.filename),
  )
}

/** What a module says to us when it has been evaluated: one statement more at its end, on a line of its own. */
function linesOf(
  hook: string,
  { functions = [], names }: ModuleExportsHook,
): Readonly<Record<'commonjs' | 'module', string>> {
  const call = `globalThis[Symbol.for(${JSON.stringify(KEY)})]?.${hook}`
  const bindings = names.map((name) => `${name}: typeof ${name} === 'undefined' ? undefined : ${name}`)
  const told = `${call}?.({ ${bindings.join(', ')} })`
  // What is declared as a function can be assigned to, and who imports it sees that.
  const assigned = functions.map((name) => `if (instead?.${name}) ${name} = instead.${name}`).join('; ')
  return {
    commonjs: `\n;module.exports = ${call}?.(module.exports, true) ?? module.exports;\n`,
    module: assigned === '' ? `\n;${told};\n` : `\n;{ const instead = ${told}; try { ${assigned} } catch {} }\n`,
  }
}

/** Nothing that goes wrong in here may reach the app's module, at whose end it runs. */
function receiverOf({ names, observe, what }: ModuleExportsHook): (exported: unknown, isWhole?: boolean) => unknown {
  return (exported, isWhole = false) => {
    try {
      const given = exported as Readonly<Record<string, unknown>>
      const named = Object.fromEntries(names.flatMap((name) => (given[name] ? [[name, given[name]]] : [])))
      return observe(named, isWhole ? exported : undefined)
    } catch (error) {
      telemetryFaults().add(1, { source: 'modules' })
      diag.warn(`${what} cannot be observed: ${reasonOf(error)}; they work on unobserved`)
      return undefined
    }
  }
}
