import type { IncomingMessage } from 'node:http'

import type { CheckFn } from '../check-options.ts'
import { assertLimits } from '../thresholds.ts'
import { latencyResult } from './latency.ts'
import { outside } from './outside.ts'

export interface HttpCheckOptions {
  readonly url: string | URL
  /** Default GET. */
  readonly method?: 'GET' | 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  /** Which status codes are healthy. Default 200 to 399. */
  readonly isHealthy?: (status: number) => boolean
  /** Answering slower than this, s, is degraded. Default none. */
  readonly degradedLatency?: number
}

/** Checks that an HTTP dependency answers, by its status code; the body is not read, redirects are not followed. */
export function httpCheck(options: HttpCheckOptions): CheckFn {
  const { method = 'GET', headers, degradedLatency, isHealthy = (status) => status >= 200 && status < 400 } = options
  assertLimits('httpCheck', options, { degradedLatency: 'amount' }, ['url', 'method', 'headers', 'isHealthy'])
  const url = new URL(options.url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`httpCheck url is "${url.protocol}//…"; expected http: or https:`)
  }
  // An ES import of node:http makes Node load its WebSocket as well, which every start of an application would pay for.
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  return outside(async ({ signal }) => {
    const startedAt = performance.now()
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      // A connection of its own: a pooled one would not notice that no new connection can be made.
      const sent = request(url, { method, signal, agent: false, ...(headers && { headers }) }, resolve)
      sent.once('socket', (socket) => socket.unref())
      sent.once('error', reject)
      sent.end()
    })
    response.destroy()
    const status = response.statusCode ?? 0
    const observed = (performance.now() - startedAt) / 1000
    if (!isHealthy(status)) {
      return { status: 'unhealthy', message: `${url.origin}${url.pathname} answered ${status}`, observed, unit: 's' }
    }
    return latencyResult(observed, degradedLatency)
  })
}
