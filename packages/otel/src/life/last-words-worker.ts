import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import { workerData } from 'node:worker_threads'

import type { LastWords, LastWordsEnd } from './last-words.ts'

type TlsFiles = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>

const { ends, pending, requests, timeoutMillis } = workerData as LastWords

for (const [index, { url, headers, body, tls }] of requests.entries()) {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  const sent = send(url, { method: 'POST', headers: { ...headers }, timeout: timeoutMillis, ...(tls as TlsFiles) })
  const settle = (failure?: string): void => {
    ends.postMessage({ index, failure } satisfies LastWordsEnd)
    Atomics.sub(pending, 0, 1)
    Atomics.notify(pending, 0)
  }
  sent.on('response', (response) => response.resume().on('close', () => settle(refusalOf(response))))
  sent.on('error', ({ message }) => settle(message))
  sent.end(body)
}

function refusalOf({ statusCode = 0 }: IncomingMessage): string | undefined {
  return statusCode >= 200 && statusCode < 300 ? undefined : `the collector answered ${statusCode}`
}
