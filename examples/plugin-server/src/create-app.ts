import type { EndpointHandler } from '@mcp/otel'
import type { Logger } from '@mcp/otel-logging'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'

import { accessLog } from './access-log.ts'
import type { PluginHost } from './plugin-host.ts'
import { RequestError } from './request-error.ts'
import { parseRunRequest } from './run-request.ts'

export interface AppOptions {
  readonly host: PluginHost
  readonly log: Logger
  /** Answers `/metrics` and `/health`; absent when the process runs without telemetry. */
  readonly telemetry: EndpointHandler | undefined
}

const BODY_LIMIT = '100kb'

/** The server's routes. */
export function createApp({ host, log, telemetry }: AppOptions): Express {
  const app = express().disable('x-powered-by')
  app.use(accessLog(log))

  app
    .route('/run')
    .post(requireJson, express.json({ limit: BODY_LIMIT }), async (request, response) => {
      const run = parseRunRequest(request.body)
      log.audit('plugin.run', request.ip ?? 'unknown', run)
      const gone = new AbortController()
      response.once('close', () => gone.abort())
      response.json(await host.run(run, gone.signal))
    })
    .all(onlyMethods('POST'))

  app
    .route('/help')
    .get((_request, response) => void response.json({ plugins: host.describe() }))
    .all(onlyMethods('GET, HEAD'))

  app
    .route('/jobs/:id')
    .get((request, response) => void response.json(host.job(request.params.id)))
    .all(onlyMethods('GET, HEAD'))

  app.all(['/metrics', '/health', '/health/:group', '/livez', '/readyz', '/startupz'], (request, response) => {
    if (telemetry === undefined) throw withoutTelemetry()
    telemetry(request, response)
  })

  app.use((request) => {
    throw new RequestError(404, 'not_found', `there is nothing at ${request.path}; GET /help lists what there is`)
  })
  app.use(answerError(log))
  return app
}

const requireJson: RequestHandler = (request, _response, next) => {
  if (request.is('application/json') !== false) return next()
  const got = request.get('content-type') ?? 'none'
  throw new RequestError(415, 'unsupported_media_type', `the content type is ${got}; expected application/json`)
}

function onlyMethods(allow: string): RequestHandler {
  return (request, response) => {
    response.set('Allow', allow)
    throw new RequestError(405, 'method_not_allowed', `${request.method} is not accepted here; expected ${allow}`)
  }
}

function withoutTelemetry(): RequestError {
  const remedy = 'start the server with `node --require @mcp/otel/register`'
  return new RequestError(503, 'no_telemetry', `this process runs without telemetry; ${remedy}`)
}

function answerError(log: Logger): ErrorRequestHandler {
  return (cause, request, response, _next) => {
    const error = toRequestError(cause)
    if (response.headersSent || response.destroyed) return
    if (error.status >= 500) log.error(error, { method: request.method, path: request.path, ...error.details })
    if (error.status === 503) response.set('Retry-After', '1')
    const { code, message, details } = error
    response.status(error.status).json({ error: { code, message, ...details } })
  }
}

/** What Express' body parser throws, by its `type`. */
const BODY_ERRORS: Readonly<Record<string, readonly [status: number, code: string, message: string]>> = {
  'entity.parse.failed': [400, 'malformed_json', 'the body is not valid JSON'],
  'entity.too.large': [413, 'body_too_large', `the body is larger than ${BODY_LIMIT}`],
  'encoding.unsupported': [415, 'unsupported_encoding', 'the content encoding is not supported'],
  'charset.unsupported': [415, 'unsupported_charset', 'the charset is not supported; expected utf-8'],
}

function toRequestError(cause: unknown): RequestError {
  if (cause instanceof RequestError) return cause
  const { type = '', status, message } = cause as { type?: string; status?: number; message?: string }
  const known = BODY_ERRORS[type]
  if (known !== undefined) return new RequestError(...known)
  if (status !== undefined && status >= 400 && status < 500) {
    return new RequestError(status, 'bad_request', message ?? 'the request is not acceptable')
  }
  return new RequestError(500, 'internal_error', 'something went wrong in the server; its log says what', { cause })
}
