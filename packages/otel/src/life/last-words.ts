import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as WorkerThreads from 'node:worker_threads'

import type { LastRequest } from '../export/otlp-request.ts'

const require = createRequire(import.meta.url)

/** What the thread that sends last words is given. */
export interface LastWords {
  readonly requests: readonly Omit<LastRequest, 'ended'>[]
  readonly timeoutMillis: number
  /** How many requests have not come to an end. */
  readonly pending: Int32Array
  /** Takes a `LastWordsEnd` for each that has. */
  readonly ends: WorkerThreads.MessagePort
}

/** The thread gives up later than the one that waits for it, so that it is always the latter which says what was lost. */
const LATER_MILLIS = 60_000

/** How a request of last words ended; `failure` says why it was not delivered. */
export interface LastWordsEnd {
  readonly index: number
  readonly failure: string | undefined
}

/**
 * Sends requests while the process exits: nothing asynchronous runs any more then, so a thread of its own sends them, and
 * this one waits for it, no longer than the deadline. Returns whether all of them have come to an end by then.
 */
export function sendLastWords(requests: readonly LastRequest[], timeoutMillis: number): boolean {
  if (requests.length === 0) return true
  const script = new URL('./last-words-worker.mjs', import.meta.url)
  // A worker that cannot start would be waited for until the deadline.
  if (!existsSync(script)) return false
  const { MessageChannel, receiveMessageOnPort, Worker } = require('node:worker_threads') as typeof WorkerThreads
  const pending = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  pending[0] = requests.length
  const deadline = performance.now() + timeoutMillis
  const { port1, port2 } = new MessageChannel()
  const plain = requests.map(({ ended: _, ...request }) => request)
  const worker = new Worker(script, {
    workerData: {
      requests: plain,
      pending,
      timeoutMillis: timeoutMillis + LATER_MILLIS,
      ends: port2,
    } satisfies LastWords,
    transferList: [port2],
    // Nothing of the app's is to run in there, and nothing is to be written.
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  })
  worker.unref()
  let isInTime = true
  for (let left = requests.length; left > 0 && isInTime; left = Atomics.load(pending, 0)) {
    isInTime = Atomics.wait(pending, 0, left, deadline - performance.now()) !== 'timed-out'
  }
  for (let end = receiveMessageOnPort(port1); end !== undefined; end = receiveMessageOnPort(port1)) {
    const { index, failure } = end.message as LastWordsEnd
    requests[index]?.ended(failure === undefined ? undefined : new Error(failure))
  }
  return isInTime
}
