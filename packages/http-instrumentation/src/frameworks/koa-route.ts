import { createRequire } from 'node:module'

import { exchangeOf } from '../exchange.ts'

const CONTEXT_MODULE = /[/\\]koa[/\\]lib[/\\]context\.js$/
const MATCHED_ROUTE = Symbol('matched route')

interface KoaContext {
  readonly req?: unknown
  readonly mountPath?: unknown
  [MATCHED_ROUTE]?: unknown
}

/**
 * Learns the routes of Koa's routers, which set `ctx._matchedRoute`: an accessor of that name goes on the prototype
 * of Koa's contexts, the place that Koa names for extensions. Does nothing as long as no Koa is loaded.
 */
export function observeKoa(): void {
  // Koa is CommonJS inside, also for those who import it.
  const loaded = createRequire(process.execPath).cache
  for (const path in loaded) {
    if (!CONTEXT_MODULE.test(path)) continue
    const prototype: unknown = loaded[path]?.exports
    if (typeof prototype === 'object' && prototype !== null && !('_matchedRoute' in prototype))
      Object.defineProperty(prototype, '_matchedRoute', ACCESSOR)
  }
}

const ACCESSOR: PropertyDescriptor & ThisType<KoaContext> = {
  configurable: true,
  enumerable: false,
  get() {
    return this[MATCHED_ROUTE]
  },
  set(route: unknown) {
    this[MATCHED_ROUTE] = route
    const exchange = exchangeOf(this.req)
    if (exchange === undefined || !(typeof route === 'string' || route instanceof RegExp)) return
    const mount = typeof this.mountPath === 'string' ? this.mountPath.replace(/\/$/, '') : ''
    exchange.frameworkRoute = mount + String(route)
  },
}
