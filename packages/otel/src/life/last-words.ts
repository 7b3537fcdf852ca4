import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as WorkerThreads from 'node:worker_threads'

import type { LastRequest } from '../export/otlp-http-request.ts'

const require = createRequire(import.meta.url)

/**
 * Sends requests while the process exits: nothing asynchronous runs any more then, so a thread of its own sends them, and
 * this one waits for it, no longer than the deadline. Returns whether all of them have come to an end by then.
 */
export function sendLastWords(requests: readonly LastRequest[], timeoutMillis: number): boolean {
  if (requests.length === 0) return true
  const script = new URL('./last-words-worker.mjs', import.meta.url)
  // A worker that cannot start would be waited for until the deadline.
  if (!existsSync(script)) return false
  const { Worker } = require('node:worker_threads') as typeof WorkerThreads
  const pending = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  pending[0] = requests.length
  const deadline = performance.now() + timeoutMillis
  const worker = new Worker(script, {
    workerData: { requests, pending, timeoutMillis },
    // Nothing of the app's is to run in there, and nothing is to be written.
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  })
  worker.unref()
  for (let left = requests.length; left > 0; left = Atomics.load(pending, 0)) {
    if (Atomics.wait(pending, 0, left, deadline - performance.now()) === 'timed-out') return false
  }
  return true
}
