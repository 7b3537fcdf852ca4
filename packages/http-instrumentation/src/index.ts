export { honoRoute, instrumentHono } from './frameworks/hono-route.ts'
export type {
  HttpServerInstrumentationConfig,
  ObservedRequest,
  RequestInfo,
  RequestTarget,
} from './http-server-config.ts'
export { HttpServerInstrumentation } from './http-server-instrumentation.ts'
export { ignoreServer } from './ignore-server.ts'
export { httpInstruments, REQUEST_METHODS } from './instruments.ts'
export type { RequestMethod } from './instruments.ts'
export { UNMATCHED } from './request-tracker.ts'
export { isInOwnServerSpan } from './rpc-metadata.ts'
export { setRoute } from './set-route.ts'
export { VERSION } from './version.ts'
