import { exchangeOf } from './exchange.ts'
import type { ObservedRequest } from './http-server-config.ts'

/**
 * Says which route template a request belongs to, for servers without a router: `setRoute(req, '/users/:id')`. It
 * beats every other source; give a template, never a URL. Takes Node's own request: `request.raw` of Fastify,
 * `ctx.req` of Koa, `c.env.incoming` of Hono.
 */
export function setRoute(request: ObservedRequest, template: string): void {
  const exchange = exchangeOf(request)
  if (exchange !== undefined && typeof template === 'string') exchange.explicitRoute = template
}
