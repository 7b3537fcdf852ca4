import type { IncomingHttpHeaders } from 'node:http'

import type { Health } from '../create-health.ts'

interface FastifyRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly raw: { readonly socket: { readonly remoteAddress?: string | undefined } }
}

interface FastifyReply {
  code(status: number): FastifyReply
  headers(headers: Record<string, string>): FastifyReply
  send(body?: string): FastifyReply
  callNotFound(): void
}

/** What of a Fastify 4 or 5 application is used. */
export interface FastifyApp {
  readonly prefix: string
  all(path: string, handler: (request: FastifyRequest, reply: FastifyReply) => unknown): unknown
}

/** A plugin of Fastify 4 and 5. */
export type FastifyPlugin = (app: FastifyApp, options: unknown, done: () => void) => void

/** Answers the health endpoints in Fastify: `app.register(fastifyHealth(health))`, with a prefix or without. */
export function fastifyHealth({ respond, paths }: Pick<Health, 'respond' | 'paths'>): FastifyPlugin {
  return (app, _options, done) => {
    const { health, liveness, readiness, startup } = paths
    for (const path of [health, `${health}/:group`, liveness, readiness, startup]) {
      for (const route of [path, `${path}/`]) {
        app.all(route, async ({ method, url, headers, raw }, reply) => {
          const response = await respond({
            method,
            url: url.slice(app.prefix.length),
            headers,
            remoteAddress: raw.socket.remoteAddress,
          })
          if (response === undefined) {
            reply.callNotFound()
            return reply
          }
          return reply
            .code(response.status)
            .headers({ ...response.headers })
            .send(response.body)
        })
      }
    }
    done()
  }
}
