import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import { workerData } from 'node:worker_threads'

import type { LastRequest } from '../export/otlp-http-request.ts'

type TlsFiles = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>

const { pending, requests, timeoutMillis } = workerData as {
  readonly pending: Int32Array
  readonly requests: readonly LastRequest[]
  readonly timeoutMillis: number
}

for (const { url, headers, body, tls } of requests) {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  const sent = send(url, { method: 'POST', headers: { ...headers }, timeout: timeoutMillis, ...(tls as TlsFiles) })
  const settle = (): void => {
    Atomics.sub(pending, 0, 1)
    Atomics.notify(pending, 0)
  }
  sent.on('response', (response) => response.resume().on('close', settle))
  sent.on('error', settle)
  sent.end(body)
}
