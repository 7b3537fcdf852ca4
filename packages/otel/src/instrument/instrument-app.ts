import type { Config } from '@mcp/otel-core'
import { HttpServerInstrumentation, type RequestInfo } from '@mcp/otel-http-instrumentation'
import { metrics, trace } from '@opentelemetry/api'
import type { Instrumentation } from '@opentelemetry/instrumentation'

import type { StartOptions } from '../options.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { hookEsmImports } from './esm-hooks.ts'
import { ignoredPath } from './ignored-path.ts'
import { createStockHttp } from './stock-http.ts'

/** What observes the app. */
export interface Instrumented {
  /** As people call them, for the start-up line. */
  readonly names: readonly string[]
  disable(): void
}

export interface InstrumentAppOptions {
  readonly config: Config
  readonly options: StartOptions
  /** Is told of each request, for the access log. */
  readonly onRequest: ((request: RequestInfo) => void) | undefined
  /** Whether a server is our own endpoint. */
  readonly isOurs: (server: unknown) => boolean
}

type AnyInstrumentation = Pick<Instrumentation, 'instrumentationName' | 'disable'>

const SPOKEN: Readonly<Record<string, string>> = {
  '@mcp/otel-http-instrumentation': 'http server',
  '@opentelemetry/instrumentation-http': 'http client',
  '@opentelemetry/instrumentation-undici': 'fetch',
}

/** Starts to observe the app; an instrumentation that the user gives takes the place of ours of the same name. */
export function instrumentApp({ config, options, onRequest, isOurs }: InstrumentAppOptions): Instrumented {
  const given: Instrumentation[] = (options.instrumentations ?? []).flat()
  const replaced = new Set(given.map(({ instrumentationName }) => instrumentationName))
  const ours: AnyInstrumentation[] = replaced.has('@mcp/otel-http-instrumentation')
    ? []
    : [createServerInstrumentation(config.http, options, onRequest)]
  ours.push(...createStockHttp(config.http, isOurs))
  for (const each of ours) if (replaced.has(each.instrumentationName)) each.disable()
  if (given.length > 0) {
    hookEsmImports(given)
    sdkPackages.instrumentation.registerInstrumentations({
      instrumentations: given,
      tracerProvider: trace.getTracerProvider(),
      meterProvider: metrics.getMeterProvider(),
    })
  }
  const active = [...ours.filter(({ instrumentationName }) => !replaced.has(instrumentationName)), ...given]
  return {
    names: [...active.map(({ instrumentationName: name }) => SPOKEN[name] ?? name), 'plugins', 'queues'],
    disable: () => {
      for (const each of active) each.disable()
    },
  }
}

function createServerInstrumentation(
  config: Config['http'],
  { http: given = {} }: StartOptions,
  logRequest: ((request: RequestInfo) => void) | undefined,
): HttpServerInstrumentation {
  const { captureQuery, onRequest, redactQuery, route } = given
  const listeners = [logRequest, onRequest].filter((listener) => listener !== undefined)
  return new HttpServerInstrumentation({
    spans: config.serverSpans === 'own' ? 'own' : 'off',
    routes: config.routes,
    ...(config.ignore.length > 0 && { ignore: ignoredPath(config.ignore) }),
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
