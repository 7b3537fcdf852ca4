import type { IncomingMessage } from 'node:http'

import { EXCHANGE } from '../exchange.ts'
import type { ExchangeCarrier } from '../exchange.ts'
import { MountPath } from './mount-path.ts'
import type { ExpressRequest } from './mount-path.ts'

/** What Express' router is seen to set on one request. */
export interface ExpressState {
  route: unknown
  readonly mount: MountPath
}

interface ObservedExpressRequest extends ExpressRequest, ExchangeCarrier {
  route?: unknown
}

/**
 * Learns the route template of an Express 4 or 5 request, or of any server on Express' router, from what the router
 * sets on the request: `baseUrl` when it enters a mounted router, `route` when one matched. The first is seen by an
 * accessor on the prototype of requests: to define one on each of them costs as much as counting it.
 */
export function observeExpressRoute(request: IncomingMessage): void {
  if (!('baseUrl' in request)) Object.defineProperty(Object.getPrototypeOf(request), 'baseUrl', BASE_URL)
}

// Shared accessors that find their state by `this`; `route` is watched only once a router has shown itself.
const BASE_URL: PropertyDescriptor & ThisType<ObservedExpressRequest> = {
  configurable: true,
  enumerable: false,
  get() {
    return this[EXCHANGE]?.express?.mount.url
  },
  set(url: unknown) {
    const exchange = this[EXCHANGE]
    if (exchange === undefined) {
      Object.defineProperty(this, 'baseUrl', { value: url, configurable: true, enumerable: true, writable: true })
      return
    }
    if (exchange.express === undefined) {
      exchange.express = { route: undefined, mount: new MountPath() }
      Object.defineProperty(this, 'route', ROUTE)
    }
    const { mount } = exchange.express
    exchange.tracker.faults.guard('reading an Express mount path', () => mount.enter(url, this))
    exchange.mount = mount.template || undefined
  },
}

const ROUTE: PropertyDescriptor & ThisType<ObservedExpressRequest> = {
  configurable: true,
  enumerable: false,
  get() {
    return this[EXCHANGE]?.express?.route
  },
  set(route: unknown) {
    const exchange = this[EXCHANGE]
    if (exchange?.express === undefined) return
    exchange.express.route = route
    exchange.tracker.faults.guard('reading an Express route', () => {
      const template = exchange.express?.mount.templateOf(route, this)
      if (template !== undefined) exchange.frameworkRoute = template
    })
  },
}
