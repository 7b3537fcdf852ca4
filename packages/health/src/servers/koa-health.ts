import type { IncomingHttpHeaders } from 'node:http'

import type { Health } from '../create-health.ts'

/** What of a Koa context is used. */
export interface KoaContext {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly req: { readonly socket: { readonly remoteAddress?: string | undefined } }
  status: number
  body: unknown
  set(headers: Record<string, string>): void
}

/** A middleware of Koa 2 and 3. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<unknown>

/** Answers the health endpoints in Koa: `app.use(koaHealth(health))`, before whatever asks for a login. */
export function koaHealth({ respond }: Pick<Health, 'respond'>): KoaMiddleware {
  return async (context, next) => {
    const { method, url, headers, req } = context
    const response = await respond({ method, url, headers, remoteAddress: req.socket.remoteAddress })
    if (response === undefined) return next()
    context.status = response.status
    context.body = response.body
    // After the body, whose setter writes headers of its own.
    context.set({ ...response.headers })
    return undefined
  }
}
