const IGNORED: unique symbol = Symbol.for('@mcp/otel/http-ignored-server')

/** Leaves a server out of all metrics and spans, as the telemetry's own endpoint is. */
export function ignoreServer(server: object): void {
  Object.defineProperty(server, IGNORED, { value: true, configurable: true })
}

/** Whether a server is left out. */
export function isIgnoredServer(server: object): boolean {
  return IGNORED in server
}
