import type { IncomingMessage, ServerResponse } from 'node:http'

import { telemetryFaults, type MetricsHandler } from '@mcp/otel-core'
import type { Health } from '@mcp/otel-health'
import { setRoute } from '@mcp/otel-http-instrumentation'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'
import { createTokenCheck } from './bearer-token.ts'
import { answerText } from './plain-text.ts'

/**
 * Answers /metrics, /health, /livez, /readyz and /startupz on a server of the app's: true when the request is one of
 * these, and then it is answered; else false, and `next`, where given, is called.
 */
export type EndpointHandler = (request: IncomingMessage, response: ServerResponse, next?: () => void) => boolean

export interface EndpointHandlerOptions {
  readonly metrics: MetricsHandler
  readonly health: Pick<Health, 'handler' | 'owns' | 'paths'>
  /** What /metrics asks for; health knows by itself whom it shows what. */
  readonly token: string | undefined
}

const METRICS_PATH = '/metrics'

/** Returns what is served, as the index lists it. */
export function endpointPaths({ paths }: Pick<Health, 'paths'>): string[] {
  return [METRICS_PATH, paths.health, paths.liveness, paths.readiness, paths.startup]
}

/** Creates the handler; it never throws, and touches no request that is not its own. */
export function createEndpointHandler({ metrics, health, token }: EndpointHandlerOptions): EndpointHandler {
  const isAllowed = createTokenCheck(token)
  const routes = new Set(endpointPaths(health))
  return (request, response, next) => {
    const path = requestPath(request.url)
    const isMetrics = path === METRICS_PATH
    if (!isMetrics && !health.owns(request.url ?? '/')) {
      next?.()
      return false
    }
    // In a server of the app's these requests are counted like its own, under what they are.
    setRoute(request, routes.has(path) ? path : `${health.paths.health}/:group`)
    // An orchestrator's probes bring no token, and what they are shown tells nothing that needs one.
    if (isMetrics && !isAllowed(request.headers.authorization)) {
      answerText(request, response, 401, 'this needs a bearer token', { 'WWW-Authenticate': 'Bearer realm="mcp-otel"' })
      return true
    }
    void answer(isMetrics ? metrics : health.handler, request, response)
    return true
  }
}

type Serve = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<unknown>

async function answer(serve: Serve, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const answered = await serve(request, response)
    // A request that health declines after all must not wait for ever.
    if (answered === false && !response.headersSent) answerText(request, response, 404, 'not found')
  } catch (error) {
    telemetryFaults().add(1, { source: 'endpoint' })
    diag.error(`${requestPath(request.url)} could not be answered: ${reasonOf(error)}`)
    if (!response.headersSent) answerText(request, response, 500, 'this could not be answered; see the log')
  }
}

/** Returns the path of a request without query and trailing slash, also where the whole URL was sent. */
export function requestPath(url = '/'): string {
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  let end = path.length
  while (end > 0 && path[end - 1] === '/') end -= 1
  return path.slice(0, end) || '/'
}
