import type { IncomingMessage } from 'node:http'

import { EXCHANGE } from '../exchange.ts'
import type { ExchangeCarrier } from '../exchange.ts'
import { MountPath } from './mount-path.ts'
import type { ExpressRequest } from './mount-path.ts'

/** On a prototype whose `route` is ours. */
const WATCHED: unique symbol = Symbol('watched route')

/** The request whose `route` is asked for, until our accessor answers. */
let asked: object | undefined

/** What Express' router is seen to set on one request. */
export interface ExpressState {
  route: unknown
  readonly mount: MountPath
}

interface ObservedExpressRequest extends ExpressRequest, ExchangeCarrier {
  route?: unknown
  readonly [WATCHED]?: true
}

/**
 * Learns the route template of an Express 4 or 5 request, or of any server on Express' router, from what the router
 * sets on the request: `baseUrl` when it enters a mounted router, `route` when one matched. The first is seen by an
 * accessor on the prototype of requests: to define one on each of them costs as much as counting it.
 */
export function observeExpressRoute(request: IncomingMessage): void {
  if (!('baseUrl' in request)) Object.defineProperty(Object.getPrototypeOf(request), 'baseUrl', BASE_URL)
}

/** Watches `route` only once a router has shown itself: on the prototype that Express gives its requests, if it is one. */
function watchRoute(request: ObservedExpressRequest): void {
  if (request[WATCHED] === true && isAsked(request)) return
  const prototype = Object.getPrototypeOf(request) as object
  const isOfExpress = !Object.hasOwn(prototype, 'baseUrl')
  if (!isOfExpress || Object.hasOwn(request, 'route')) Object.defineProperty(request, 'route', ROUTE)
  else if (!('route' in prototype)) Object.defineProperties(prototype, { route: ROUTE, [WATCHED]: { value: true } })
}

/** Whether it is our accessor that answers for a request, and no property of its own: to ask is what V8 does at once. */
function isAsked(request: ObservedExpressRequest): boolean {
  asked = request
  void request.route
  const isAnswered = asked === undefined
  asked = undefined
  return isAnswered
}

// Shared accessors that find their state by `this`.
const BASE_URL: PropertyDescriptor & ThisType<ObservedExpressRequest> = {
  configurable: true,
  enumerable: false,
  get() {
    return this[EXCHANGE]?.express?.mount.url
  },
  set(url: unknown) {
    const exchange = this[EXCHANGE]
    if (exchange === undefined) {
      setOwn(this, 'baseUrl', url)
      return
    }
    if (exchange.express === undefined) {
      exchange.express = { route: undefined, mount: new MountPath() }
      watchRoute(this)
    }
    const { mount } = exchange.express
    // The router sets it again before each of its layers.
    if (mount.url === url) return
    try {
      mount.enter(url, this)
    } catch (error) {
      exchange.tracker.faults.report('reading an Express mount path', error)
    }
    exchange.mount = mount.template || undefined
  },
}

const ROUTE: PropertyDescriptor & ThisType<ObservedExpressRequest> = {
  configurable: true,
  enumerable: false,
  get() {
    if (asked === this) asked = undefined
    return this[EXCHANGE]?.express?.route
  },
  set(route: unknown) {
    const exchange = this[EXCHANGE]
    if (exchange?.express === undefined) {
      setOwn(this, 'route', route)
      return
    }
    exchange.express.route = route
    try {
      const template = exchange.express.mount.templateOf(route, this)
      if (template !== undefined) exchange.frameworkRoute = template
    } catch (error) {
      exchange.tracker.faults.report('reading an Express route', error)
    }
  },
}

/** Sets a property as if there were no accessor. */
function setOwn(request: object, name: string, value: unknown): void {
  Object.defineProperty(request, name, { value, configurable: true, enumerable: true, writable: true })
}
