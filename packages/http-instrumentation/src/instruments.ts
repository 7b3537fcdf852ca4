import { REQUEST_BUCKETS } from '@mcp/otel-core'
import type { Catalogue } from '@mcp/otel-core'

/** The request methods of the HTTP conventions; every other one is `_OTHER`. */
export const REQUEST_METHODS = [
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
  '_OTHER',
] as const

/** A request method as a label value. */
export type RequestMethod = (typeof REQUEST_METHODS)[number]

/** What this package measures; errors go to core's `errorInstruments` with source `http`. */
export const httpInstruments = {
  requests: {
    kind: 'counter',
    name: 'mcp.requests',
    unit: '{request}',
    help: 'Total number of requests',
    attributes: { method: REQUEST_METHODS, endpoint: 'string', status: 'string' },
  },
  requestDuration: {
    kind: 'histogram',
    name: 'mcp.request.duration',
    unit: 's',
    help: 'Request duration in seconds',
    attributes: { method: REQUEST_METHODS, endpoint: 'string' },
    buckets: REQUEST_BUCKETS,
  },
  activeRequests: {
    kind: 'upDownCounter',
    name: 'mcp.active_requests',
    unit: '{request}',
    help: 'Number of requests being handled',
    attributes: {},
  },
  activeConnections: {
    kind: 'upDownCounter',
    name: 'mcp.active_connections',
    unit: '{connection}',
    help: 'Number of open connections to HTTP servers',
    attributes: {},
  },
} as const satisfies Catalogue
