import type { Server } from 'node:http'
import { createRequire, syncBuiltinESMExports } from 'node:module'

import type { Config } from '@mcp/otel-core'
import type { Instrumentation } from '@opentelemetry/instrumentation'

import { isExport } from '../export/send-by-http.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { beforeFirstLoad } from './before-first-load.ts'

const require = createRequire(import.meta.url)

/** Creates the stock instrumentation of HTTP: CLIENT spans, and SERVER spans where these are wished for. */
export function createStockHttp(config: Config['http'], isOurs: (server: unknown) => boolean): Instrumentation {
  const instrumentation = new sdkPackages.httpInstrumentation.HttpInstrumentation({
    disableIncomingRequestInstrumentation: config.serverSpans !== 'stock',
    disableOutgoingRequestInstrumentation: !config.clientSpans,
    ignoreOutgoingRequestHook: isExport,
    ignoreIncomingRequestHook: (request) => isOurs((request.socket as { server?: Server }).server),
  })
  loadPatched()
  return instrumentation
}

/** Creates the stock instrumentation of `fetch` and undici. */
export function createFetchInstrumentation(): Instrumentation {
  return new sdkPackages.undiciInstrumentation.UndiciInstrumentation()
}

/**
 * The instrumentation patches `node:http` when it is required next. Doing that here, and telling Node, reaches ESM
 * importers too: their bindings follow, and no loader hook is needed. `node:https`, which brings all of TLS, has to wait
 * until somebody asks for it.
 */
function loadPatched(): void {
  require('node:http')
  syncBuiltinESMExports()
  beforeFirstLoad('node:https', () => {
    require('node:https')
    syncBuiltinESMExports()
  })
}
