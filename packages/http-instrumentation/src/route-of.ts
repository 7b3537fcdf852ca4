import type { Exchange } from './exchange.ts'

/**
 * Returns the route template of an exchange, or undefined if none matched. What the application said comes first, then
 * the framework's router, then what an OpenTelemetry framework instrumentation found, then the mount path of a handler
 * that answered without a router of its own.
 */
export function routeOf(exchange: Exchange, status: number, chosen: string | undefined): string | undefined {
  return (
    exchange.explicitRoute ??
    chosen ??
    exchange.frameworkRoute ??
    exchange.rpc?.route ??
    exchange.mount ??
    (status === 404 ? undefined : exchange.middleware)
  )
}
