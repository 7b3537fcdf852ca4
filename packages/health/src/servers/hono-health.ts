import type { Health } from '../create-health.ts'

/** What of a Hono context is used; `env.incoming` is there on `@hono/node-server`, and without it nobody is on loopback. */
export interface HonoContext {
  readonly req: { readonly method: string; readonly url: string; readonly raw: { readonly headers: Headers } }
  readonly env: unknown
}

/** A middleware of Hono 4. */
export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<Response | void>

/** Answers the health endpoints in Hono: `app.use(honoHealth(health))`, before whatever asks for a login. */
export function honoHealth({ respond }: Pick<Health, 'respond'>): HonoMiddleware {
  return async ({ req: { method, url, raw }, env }, next) => {
    const node = env as { readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } } } | undefined
    const response = await respond({
      method,
      url,
      headers: Object.fromEntries(raw.headers),
      remoteAddress: node?.incoming?.socket?.remoteAddress,
    })
    if (response === undefined) return next()
    return new Response(method === 'HEAD' ? null : response.body, response)
  }
}
