import { createRequire, isBuiltin, register as registerAsyncHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

import { processWide } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'
import type { Instrumentation } from '@opentelemetry/instrumentation'
import type * as RegisterHooks from 'import-in-the-middle/register-hooks.mjs'

import { reasonOf } from '../diagnostics/diag-text.ts'
import { moduleDefinitions } from './module-definitions.ts'

const require = createRequire(import.meta.url)

/**
 * Lets the app's own instrumentations patch what an ESM app imports from now on. Ours need no such hook: they use
 * diagnostics channels and Node's built-in modules.
 */
export function hookEsmImports(instrumentations: readonly Instrumentation[]): void {
  const names = [...new Set(instrumentations.flatMap(patchedModules))].filter((name) => !isBuiltin(name))
  const state = processWide<{ hooked: boolean }>('esm-hooks', () => ({ hooked: false }))
  if (names.length === 0 || state.hooked) return
  state.hooked = true
  try {
    const hooks = require('import-in-the-middle/register-hooks.mjs') as typeof RegisterHooks
    if (hooks.supportsSyncHooks()) hooks.register({ include: names })
    else
      registerAsyncHooks('import-in-the-middle/hook.mjs', pathToFileURL(require.resolve('import-in-the-middle')), {
        data: { include: names },
      })
  } catch (error) {
    diag.warn(
      `ES modules cannot be instrumented (${names.join(', ')}): ${reasonOf(error)}; ` +
        'use Node.js 22.22.3, 24.11.1 or later, or load these modules with require()',
    )
  }
}

/** Returns the names of the modules that an instrumentation patches. */
export function patchedModules(instrumentation: Instrumentation): string[] {
  return moduleDefinitions(instrumentation).map(({ name }) => name)
}
