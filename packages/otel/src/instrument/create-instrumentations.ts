import type { Config } from '@mcp/otel-core'
import { HttpServerInstrumentation, type RequestInfo } from '@mcp/otel-http-instrumentation'
import type { Instrumentation } from '@opentelemetry/instrumentation'

import type { StartOptions } from '../options.ts'
import { ignoredPath } from './ignored-path.ts'
import { createFetchInstrumentation, createStockHttp } from './stock-http.ts'

export interface InstrumentationsOptions {
  readonly config: Config
  readonly options: Pick<StartOptions, 'http'>
  /** Is told of each request, for the access log. */
  readonly onRequest?: ((request: RequestInfo) => void) | undefined
  /** Whether a server is our own endpoint. */
  readonly isOurs?: (server: unknown) => boolean
  /** Names of those that the app brings itself. */
  readonly except?: ReadonlySet<string>
}

export const HTTP_SERVER = '@mcp/otel-http-instrumentation'
export const HTTP_CLIENT = '@opentelemetry/instrumentation-http'
export const FETCH = '@opentelemetry/instrumentation-undici'

/** Creates, and so starts, what observes HTTP in this process as the configuration has it. */
export function createInstrumentations(given: InstrumentationsOptions): Instrumentation[] {
  const { config, isOurs = () => false, except = new Set() } = given
  const { clientSpans, serverSpans } = config.http
  const instrumentations: Instrumentation[] = []
  if (!except.has(HTTP_SERVER)) instrumentations.push(createHttpServer(given))
  if (!except.has(HTTP_CLIENT) && (clientSpans || serverSpans === 'stock')) {
    instrumentations.push(createStockHttp(config.http, isOurs))
  }
  if (!except.has(FETCH) && clientSpans) instrumentations.push(createFetchInstrumentation())
  return instrumentations
}

function createHttpServer({ config: { http }, options, onRequest: log }: InstrumentationsOptions): Instrumentation {
  const { captureQuery, onRequest, redactQuery, route } = options.http ?? {}
  const listeners = [log, onRequest].filter((listener) => listener !== undefined)
  return new HttpServerInstrumentation({
    spans: http.serverSpans === 'own' ? 'own' : 'off',
    routes: http.routes,
    ...(http.ignore.length > 0 && { ignore: ignoredPath(http.ignore) }),
    ...(listeners.length > 0 && {
      onRequest: (info) => {
        for (const listener of listeners) listener(info)
      },
    }),
    ...(captureQuery !== undefined && { captureQuery }),
    ...(redactQuery !== undefined && { redactQuery }),
    ...(route !== undefined && { route }),
  })
}
