import { exchangeOf } from '../exchange.ts'

/** What is read of Hono's context. */
interface HonoContext {
  readonly env?: unknown
  readonly req: { readonly routePath?: string | undefined }
}

type HonoHandler = (context: HonoContext, next: () => Promise<void>) => unknown

interface HonoRoute {
  readonly path: string
  readonly method: string
}

interface HonoRouter {
  add: (method: string, path: string, handler: [HonoHandler, HonoRoute]) => void
}

const OBSERVED: unique symbol = Symbol.for('@mcp/otel/http-observed-router')

/** Returns a middleware for Hono on Node that tells the route of its requests: `app.use(honoRoute())`, before all routes. */
export function honoRoute(): (context: HonoContext, next: () => Promise<void>) => Promise<void> {
  return async (context, next) => {
    await next()
    const { routePath } = context.req
    if (typeof routePath === 'string') noteRoute(context, routePath)
  }
}

/**
 * Makes every Hono application that is created from now on tell its routes. Takes the exports of the module `hono`, or
 * of one of its presets, as a module hook gets them; returns them as they are.
 */
export function instrumentHono<T>(exports: T): T {
  const { Hono } = exports as { Hono?: new () => { router?: HonoRouter & { [OBSERVED]?: true } } }
  const router = typeof Hono === 'function' ? new Hono().router : undefined
  const prototype = router && (Object.getPrototypeOf(router) as HonoRouter & { [OBSERVED]?: true })
  if (!prototype || prototype[OBSERVED] || typeof prototype.add !== 'function') return exports
  const { add } = prototype
  prototype[OBSERVED] = true
  prototype.add = function (method, path, handler) {
    return Reflect.apply(add, this, [method, path, Array.isArray(handler) ? observed(handler) : handler])
  }
  return exports
}

function observed([handler, route]: [HonoHandler, HonoRoute]): [HonoHandler, HonoRoute] {
  if (typeof handler !== 'function' || typeof route?.path !== 'string') return [handler, route]
  return [
    function (this: unknown, context, next) {
      noteRoute(context, route.path, route.method)
      return Reflect.apply(handler, this, [context, next])
    },
    route,
  ]
}

function noteRoute(context: HonoContext, path: string, method = 'ALL'): void {
  const exchange = exchangeOf((context.env as { incoming?: unknown } | undefined)?.incoming)
  if (exchange === undefined) return
  // Middleware is routed like a handler of all methods; what is mounted everywhere says nothing about a request.
  const isMiddleware = method === 'ALL' && path.endsWith('*')
  if (!isMiddleware) exchange.frameworkRoute = path
  else if (path !== '*' && path !== '/*') exchange.middleware = path
}
