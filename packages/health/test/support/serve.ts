import { createServer, request } from 'node:http'
import type { IncomingHttpHeaders, RequestListener, RequestOptions, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { onTestFinished } from 'vitest'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Parsed JSON. */
  readonly body: Record<string, unknown>
}

/** Serves on a free port of loopback until the test ends, and returns the origin. */
export async function serve(listener: RequestListener | Server): Promise<string> {
  const server = typeof listener === 'function' ? createServer(listener) : listener
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Sends a request with exactly these headers, which fetch would change. */
export function ask(url: string, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, ...options }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.once('error', reject)
      response.once('end', () => {
        const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body })
      })
    })
    sent.once('error', reject)
    sent.end()
  })
}
