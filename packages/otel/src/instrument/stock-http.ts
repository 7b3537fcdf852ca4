import type { Server } from 'node:http'
import { createRequire, syncBuiltinESMExports } from 'node:module'

import type { Config } from '@mcp/otel-core'
import type { Instrumentation } from '@opentelemetry/instrumentation'

import { sdkPackages } from '../sdk-packages.ts'

const require = createRequire(import.meta.url)

/** Returns the stock instrumentations of HTTP: clients, `fetch`, and, where wished for, SERVER spans. */
export function createStockHttp(config: Config['http'], isOurs: (server: unknown) => boolean): Instrumentation[] {
  const stockServer = config.serverSpans === 'stock'
  if (!config.clientSpans && !stockServer) return []
  const http = new sdkPackages.httpInstrumentation.HttpInstrumentation({
    disableIncomingRequestInstrumentation: !stockServer,
    disableOutgoingRequestInstrumentation: !config.clientSpans,
    ignoreIncomingRequestHook: (request) => isOurs((request.socket as { server?: Server }).server),
  })
  loadPatched()
  if (!config.clientSpans) return [http]
  return [http, new sdkPackages.undiciInstrumentation.UndiciInstrumentation()]
}

/**
 * The instrumentation patches `node:http` when it is required next. Doing that here, and telling Node, reaches ESM
 * importers too: their bindings follow, and no loader hook is needed.
 */
function loadPatched(): void {
  require('node:http')
  require('node:https')
  syncBuiltinESMExports()
}
