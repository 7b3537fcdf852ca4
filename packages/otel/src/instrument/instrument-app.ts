import { isBuiltin } from 'node:module'

import { processWide } from '@mcp/otel-core'
import { setMcpDefaults } from '@mcp/otel-protocol-instrumentation'
import { setQueueDefaults } from '@mcp/otel-queue-instrumentation'
import { diag, metrics, trace } from '@opentelemetry/api'
import type { Instrumentation } from '@opentelemetry/instrumentation'

import { winstonModules } from '../logs/app-winston.ts'
import type { StartOptions } from '../options.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { createInstrumentations, FETCH, HTTP_CLIENT, HTTP_SERVER } from './create-instrumentations.ts'
import type { InstrumentationsOptions } from './create-instrumentations.ts'
import { hookEsmImports, patchedModules } from './esm-hooks.ts'
import { honoModules } from './hono-modules.ts'
import { findRequired } from './loaded-before.ts'
import { mcpModules } from './mcp-modules.ts'
import { mcpOptions } from './mcp-options.ts'
import { hookModuleExports } from './module-exports-hook.ts'
import { queueModules } from './queue-modules.ts'

/** What observes the app. */
export interface Instrumented {
  /** As people call them, for the start-up line. */
  readonly names: readonly string[]
  disable(): void
}

const SPOKEN: Readonly<Record<string, string>> = {
  [HTTP_SERVER]: 'http server',
  [HTTP_CLIENT]: 'http client',
  [FETCH]: 'fetch',
}

/** An instrumentation that is made before diagnostics are heard says so in vain. */
function warnOfRequiredBefore(brought: readonly Instrumentation[]): void {
  for (const each of brought) {
    const before = patchedModules(each).filter((name) => !isBuiltin(name) && findRequired(name) !== undefined)
    if (before.length === 0) continue
    diag.warn(
      `loaded before start(), and so not observed by ${each.instrumentationName}: ${before.join(', ')}; call start() in a ` +
        'file that --require or --import loads before the app',
    )
  }
}

/** Starts to observe the app; an instrumentation that the app brings takes the place of ours of the same name. */
export function instrumentApp(given: InstrumentationsOptions & { readonly options: StartOptions }): Instrumented {
  const brought: Instrumentation[] = (given.options.instrumentations ?? []).flat()
  const except = new Set(brought.map(({ instrumentationName }) => instrumentationName))
  const ours = createInstrumentations({ ...given, except })
  setMcpDefaults(mcpOptions(given.config.mcp, given.options.mcp?.redact))
  setQueueDefaults(given.config.queues)
  const hooks = { mcp: mcpModules, hono: honoModules, ...queueModules }
  hookModuleExports({ ...hooks, winston: winstonModules })
  if (brought.length > 0) {
    warnOfRequiredBefore(brought)
    hookEsmImports(brought)
    sdkPackages.instrumentation.registerInstrumentations({
      instrumentations: brought,
      tracerProvider: trace.getTracerProvider(),
      meterProvider: metrics.getMeterProvider(),
    })
  }
  const active = [...ours, ...brought]
  const names = [...active.map(({ instrumentationName: name }) => SPOKEN[name] ?? name), 'plugins', 'queues', 'MCP']
  // For `mcp-otel doctor`, which looks at the process from outside our packages.
  Object.assign(
    processWide('observed', () => ({})),
    { names, hooks, modules: brought.flatMap(patchedModules) },
  )
  return {
    names,
    disable: () => {
      for (const each of active) each.disable()
    },
  }
}
