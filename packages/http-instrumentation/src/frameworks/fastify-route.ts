import { exchangeOf } from '../exchange.ts'
import type { ObservedRequest } from '../http-server-config.ts'

interface FastifyRequest {
  readonly raw?: ObservedRequest
  readonly routeOptions?: { readonly url?: string | undefined }
}

type Done = () => void

interface FastifyInstance {
  readonly version?: string
  addHook?(name: 'onRequest', hook: (request: FastifyRequest, reply: unknown, done: Done) => void): unknown
  addHook?(
    name: 'onError',
    hook: (request: FastifyRequest, reply: unknown, error: unknown, done: Done) => void,
  ): unknown
}

interface FastifyHandling {
  readonly request?: FastifyRequest
  readonly error?: unknown
}

type Subscribe = <M>(name: string, onMessage: (message: M) => void) => () => void

/**
 * Learns the route of Fastify requests from Fastify's own channels, and their errors. Instances that are created from
 * now on tell it before any other hook, so that requests which a hook refuses have their route as well.
 */
export function observeFastify(subscribe: Subscribe): (() => void)[] {
  return [
    subscribe<{ fastify?: FastifyInstance }>('fastify.initialization', ({ fastify }) => {
      fastify?.addHook?.('onRequest', (request, _reply, done) => {
        noteRoute(request)
        done()
      })
      // Fastify 4 publishes nothing else, so a hook tells its errors too.
      if (fastify?.version?.startsWith('4.') !== true) return
      fastify.addHook?.('onError', (request, _reply, error, done) => {
        noteError({ request, error })
        done()
      })
    }),
    subscribe<FastifyHandling>('tracing:fastify.request.handler:start', ({ request }) => noteRoute(request)),
    subscribe<FastifyHandling>('tracing:fastify.request.handler:error', noteError),
  ]
}

function noteError({ request, error }: FastifyHandling): void {
  const exchange = exchangeOf(request?.raw)
  if (exchange !== undefined) exchange.error = error
}

function noteRoute(request: FastifyRequest | undefined): void {
  const exchange = exchangeOf(request?.raw)
  // Fastify makes the options anew for each who asks, and the hook has asked already where there is one.
  if (exchange === undefined || exchange.frameworkRoute !== undefined) return
  const url = request?.routeOptions?.url
  if (typeof url === 'string') exchange.frameworkRoute = url
}
