import { readFileSync } from 'node:fs'

import { licensePlugin } from 'rolldown-license-plugin'
import type { Rolldown, UserConfig } from 'tsdown'

import { base } from '../../tsdown.base.ts'
import { compiledAtOnce } from './compiled-at-once.ts'

const API = '@opentelemetry/api'

const BUNDLED = /\/(sdk-packages|library-parts)\.ts$/

/** Has the SDK's packages written into the file instead of loaded by it, and what few apps need left out of it. */
const asBundled: Rolldown.Plugin = {
  name: 'as-bundled',
  resolveId(specifier, importer) {
    return BUNDLED.test(specifier) && importer !== undefined
      ? this.resolve(specifier.replace(BUNDLED, '/bundled-$1.ts'), importer)
      : undefined
  },
}

const SHARED = ['@mcp/otel-core', API]
/** The packages that make up the parts. */
const OF_PARTS = ['plugin', 'protocol', 'queue'].map((name) => `@mcp/otel-${name}-instrumentation`)

/** Finds out what the parts import of packages that are in the file which loads them, and has it handed to them. */
const sharedWithParts: Rolldown.Plugin = {
  name: 'shared-with-parts',
  resolveId: (specifier) => (specifier.endsWith('/shared-packages.ts') ? '\0shared-packages' : undefined),
  load(id) {
    if (id !== '\0shared-packages') return undefined
    const imports = OF_PARTS.flatMap((name) => importsOf(this.parse(readFileSync(resolved(name), 'utf8'))))
    const lines = SHARED.map((name, index) => {
      const ofPackage = imports.filter(({ from }) => from === name)
      const names = [...new Set(ofPackage.flatMap(({ names: imported }) => imported))]
      const own = names.map((each) => `${each} as ${each}_${index}`)
      const entries = names.map((each) => `${each}: ${each}_${index}`)
      return `import { ${own.join(', ')} } from '${name}'\nconst of${index} = { ${entries.join(', ')} }`
    })
    const packages = SHARED.map((name, index) => `'${name}': of${index}`)
    return `${lines.join('\n')}\nexport const sharedPackages = { ${packages.join(', ')} }`
  },
}

interface NamedImports {
  readonly from: string
  readonly names: readonly string[]
}

function importsOf({ body }: ReturnType<Rolldown.PluginContext['parse']>): NamedImports[] {
  return body.flatMap((statement) => {
    if (statement.type !== 'ImportDeclaration') return []
    const names = statement.specifiers.map((specifier) => {
      if (specifier.type !== 'ImportSpecifier') throw new Error(`${statement.source.value} is imported as a whole`)
      return specifier.imported.type === 'Identifier' ? specifier.imported.name : specifier.imported.value
    })
    return [{ from: statement.source.value, names }]
  })
}

function resolved(name: string): URL {
  return new URL(import.meta.resolve(name))
}

/** The terms of all that is written into the file ask that they go with it. */
function licences(file: string): Rolldown.Plugin {
  return licensePlugin({
    failOnUnlicensed: true,
    done: (packages, context) => {
      const byText = Map.groupBy(packages, ({ licenseText }) => licenseText.trim())
      const parts = [...byText].map(([text, under]) => {
        const names = under.map(({ name, version, license }) => `${name} ${version} (${license})`)
        return `${names.join('\n')}\n\n${text}\n`
      })
      context.emitFile({ type: 'asset', fileName: `${file}.licences.txt`, source: parts.join('\n----\n\n') })
    },
  })
}

const apiPackage = new URL('../package.json', import.meta.resolve(API))
const { version: apiVersion } = JSON.parse(readFileSync(apiPackage, 'utf8')) as { version: string }

/** Modules of packages that nothing in the file comes to use, and what stands there for them. */
const UNUSED: Readonly<Record<string, string>> = {
  // The stock instrumentations in it patch modules of Node's own, for which `patchNodeModules` needs no hook into the app's modules,
  // nor their versions. What is left of the hooks is what the base class makes of them.
  'require-in-the-middle': 'export class Hook {}',
  'import-in-the-middle': 'export class Hook {}',
  './RequireInTheMiddleSingleton.mjs':
    'export const RequireInTheMiddleSingleton = { getInstance: () => ({ register() {} }) }',
  '../../semver.mjs': 'export const satisfies = () => false',
  // Tracers, and their spans, are those of `withOwnSpans`.
  './Tracer.mjs': 'export class Tracer {}',
}

const withoutUnused: Rolldown.Plugin = {
  name: 'without-unused',
  resolveId: (specifier) => (Object.hasOwn(UNUSED, specifier) ? `\0unused:${specifier}` : undefined),
  load: (id) => UNUSED[id.replace('\0unused:', '')],
}

const INTEROP = /\b(\w+) = __toESM\(\1, 1\);/g

/**
 * Leaves modules as they were loaded. Where one file imports all of a module, it would be wrapped for all, with an accessor for
 * each export: that takes time at the start, and the compiler does not look through an accessor, not even to `context` or `trace`
 * on the way of each request.
 */
const plainModules: Rolldown.Plugin = {
  name: 'plain-modules',
  renderChunk(code) {
    if (!INTEROP.test(code)) this.error('modules are not wrapped any more: take this plugin out')
    if (/\b_opentelemetry_api\.default\b/.test(code))
      this.error('the default export of the API would be looked up in vain')
    const plain = (wrapping: string, name: string): string =>
      code.includes(`${name}.default`)
        ? `${name} = Object.create(${name}, { default: { value: ${name} } });`
        : // As long as it was, so that the source map holds.
          ' '.repeat(wrapping.length)
    return { code: code.replace(INTEROP, plain), map: null }
  },
}

const OWN_REQUIRE = /\(0, node_module\.createRequire\)\(require\("url"\)\.pathToFileURL\(__filename\)\.href\)/g

/** Has each module use the file's own `require`, where it would make one for itself. */
const oneRequire: Rolldown.Plugin = {
  name: 'one-require',
  renderChunk(code) {
    if (!OWN_REQUIRE.test(code)) this.error('no module makes a require of its own any more: take this plugin out')
    return { code: code.replace(OWN_REQUIRE, (made) => 'require'.padEnd(made.length)), map: null }
  },
}

/**
 * What the file takes from Node when it is loaded, and not whenever it is needed: an app, or its tests, may put a clock of its own
 * or what browsers have in the place of these, which is to run no timers of ours, date nothing that is exported, and break nothing.
 */
const OF_NODE = [
  'AbortController',
  'Date',
  'performance',
  'queueMicrotask',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'TextDecoder',
  'TextEncoder',
  'URL',
]
const ofNode = `const {${OF_NODE.join(',')}} = globalThis;`

/** One file with all that every process needs, except for what is named. */
function startFile(name: string, outside: string[]): UserConfig {
  return {
    ...base(),
    entry: { [name]: 'src/start-directly.ts' },
    format: 'cjs',
    dts: false,
    clean: false,
    deps: { alwaysBundle: [/.*/], neverBundle: outside, onlyBundle: false },
    // Names of functions and classes are kept: stack traces and errors show them. ASCII takes half the memory.
    minify: {
      compress: true,
      mangle: { toplevel: true, keepNames: true },
      codegen: { removeWhitespace: true, asciiOnly: true },
    },
    outputOptions: { codeSplitting: false, banner: ofNode },
    plugins: [
      asBundled,
      sharedWithParts,
      withoutUnused,
      plainModules,
      oneRequire,
      compiledAtOnce(name),
      licences(name),
    ],
  }
}

/** A file that the former load when it is needed, as a function of what loads the packages which they share. */
function partFile(name: string): UserConfig {
  const file = startFile(name, SHARED)
  return {
    ...file,
    entry: { [name]: `src/parts/${name}.ts` },
    outputOptions: {
      codeSplitting: false,
      banner: `module.exports = (require) => {const exports = {};${ofNode}`,
      footer: 'return exports}',
    },
    plugins: [],
  }
}

const config: UserConfig[] = [
  base(),
  // By itself, so that it shares no file with the others: each one more is looked for at every start.
  {
    ...base(['src/register.ts']),
    define: { BUNDLED_API_VERSION: JSON.stringify(apiVersion) },
    clean: false,
    deps: { alwaysBundle: ['@mcp/otel-core/main-thread'], onlyBundle: false },
  },
  {
    ...base(),
    entry: {
      cli: 'src/cli.ts',
      'append-loader': 'src/instrument/append-loader.ts',
      'last-words-worker': 'src/life/last-words-worker.ts',
    },
    format: 'esm',
    dts: false,
    clean: false,
  },
  {
    ...base(),
    entry: { 'doctor-probe': 'src/doctor/probe.ts', 'doctor-exports': 'src/doctor/test-exports.ts' },
    format: 'cjs',
    dts: false,
    clean: false,
  },
  startFile('start-directly', []),
  startFile('start-with-installed-api', [API]),
  partFile('start-mcp'),
  partFile('start-queues'),
]
export default config
