import { workerData } from 'node:worker_threads'

import { reasonOf } from '../diagnostics/diag-text.ts'
import { createGrpcSender } from '../export/send-by-grpc.ts'
import { sendByHttp } from '../export/send-by-http.ts'
import type { LastWords, LastWordsEnd } from './last-words.ts'

const { ends, pending, requests, timeoutMillis } = workerData as LastWords

// Sockets do not keep a thread alive here, and the one that waits for this one ends it.
setTimeout(() => {}, timeoutMillis)

const sendByGrpc = createGrpcSender()

for (const [index, { tls, wire, ...request }] of requests.entries()) {
  const send = wire === 'grpc' ? sendByGrpc : sendByHttp
  void send(request, { connection: { tls }, timeoutMillis })
    .then(({ refusal }) => refusal, reasonOf)
    .then((failure) => {
      ends.postMessage({ index, failure } satisfies LastWordsEnd)
      Atomics.sub(pending, 0, 1)
      Atomics.notify(pending, 0)
    })
}
