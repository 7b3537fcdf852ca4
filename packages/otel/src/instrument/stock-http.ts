import type { Server } from 'node:http'
import { createRequire, syncBuiltinESMExports } from 'node:module'

import type { Config } from '@mcp/otel-core'
import type { Instrumentation } from '@opentelemetry/instrumentation'

import { isExport } from '../export/send-by-http.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { beforeFirstLoad } from './before-first-load.ts'
import { moduleDefinitions } from './module-definitions.ts'

const require = createRequire(import.meta.url)

/** Creates the stock instrumentation of HTTP: CLIENT spans, and SERVER spans where these are wished for. */
export function createStockHttp(config: Config['http'], isOurs: (server: unknown) => boolean): Instrumentation {
  const instrumentation = new sdkPackages.httpInstrumentation.HttpInstrumentation({
    disableIncomingRequestInstrumentation: config.serverSpans !== 'stock',
    disableOutgoingRequestInstrumentation: !config.clientSpans,
    ignoreOutgoingRequestHook: isExport,
    ignoreIncomingRequestHook: (request) => isOurs((request.socket as { server?: Server }).server),
  })
  patchNodeModules(instrumentation)
  return instrumentation
}

/** Creates the stock instrumentation of `fetch` and undici. */
export function createFetchInstrumentation(): Instrumentation {
  return new sdkPackages.undiciInstrumentation.UndiciInstrumentation()
}

/**
 * Patches `node:http` in place, and tells Node, which reaches whoever has it or is to get it, by `require` or `import`: the
 * bindings of ES modules follow, and no hook into the app's modules is needed. `node:https`, which brings all of TLS, has to
 * wait until somebody asks for it.
 */
function patchNodeModules(instrumentation: Instrumentation): void {
  const patch = (name: 'http' | 'https'): void => {
    const loaded: unknown = require(`node:${name}`)
    for (const definition of moduleDefinitions(instrumentation)) {
      if (definition.name !== name) continue
      // It takes the patch back from there.
      definition.moduleExports = loaded
      definition.patch?.(loaded)
    }
    syncBuiltinESMExports()
  }
  patch('http')
  beforeFirstLoad('node:https', () => patch('https'))
}
