import { workerData } from 'node:worker_threads'

import { reasonOf } from '../diagnostics/diag-text.ts'
import { createGrpcSender } from '../export/send-by-grpc.ts'
import { sendByHttp } from '../export/send-by-http.ts'
import type { LastWords, LastWordsEnd } from './last-words.ts'

const { ends, pending, requests, timeoutMillis } = workerData as LastWords

// Sockets do not keep a thread alive here, and the one that waits for this one ends it.
setTimeout(() => {}, timeoutMillis)

const sendByGrpc = createGrpcSender()

async function deliver(index: number, { tls, wire, ...request }: LastWords['requests'][number]): Promise<void> {
  const send = wire === 'grpc' ? sendByGrpc : sendByHttp
  const failure = await send(request, { connection: { tls }, timeoutMillis }).then(({ refusal }) => refusal, reasonOf)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is no window
  ends.postMessage({ index, failure } satisfies LastWordsEnd)
  Atomics.sub(pending, 0, 1)
  Atomics.notify(pending, 0)
}

for (const [index, request] of requests.entries()) void deliver(index, request)
