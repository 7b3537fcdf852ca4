import type { IdGenerator } from '@opentelemetry/sdk-trace'

const TRACE_BYTES = 16
const SPAN_BYTES = 8
const POOL_BYTES = 512

/** Creates what makes ids from random bytes that are drawn for many of them at once. */
export function createIdGenerator(): IdGenerator {
  const words = new Uint32Array(POOL_BYTES / 4)
  const bytes = Buffer.from(words.buffer)
  let at = POOL_BYTES
  const refill = (): void => {
    // No id is all zeros, which would be none.
    for (let index = 0; index < words.length; index++) words[index] = 1 + Math.random() * 0xff_ff_ff_ff
    at = 0
  }
  const next = (length: number): string => {
    if (at + length > POOL_BYTES) refill()
    // Not cut from a longer text: samplers and exporters read each digit, and a piece of a text is slow to read.
    return bytes.toString('hex', at, (at += length))
  }
  return {
    generateTraceId: () => next(TRACE_BYTES),
    generateSpanId: () => next(SPAN_BYTES),
  }
}
