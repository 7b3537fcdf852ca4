import type * as Http from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'

import { MOST_ANSWER_BYTES, type OtlpAnswer, type Send } from './otlp-request.ts'

const require = createRequire(import.meta.url)

/** Marks the options of our requests, which are none of the app's; registered, since two builds can be loaded. */
const IS_EXPORT = Symbol.for('@mcp/otel/is-export')

/** Whether the options of an HTTP request are those of an export of ours. */
export function isExport(options: object): boolean {
  return IS_EXPORT in options
}

const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** Sends by HTTP/1: a body with its headers. */
export const sendByHttp: Send = (request, { connection: { agent, tls }, timeoutMillis, onHandedOver }) => {
  // Not imported above: it must be loaded after the instrumentation of HTTP clients.
  const http = require(isSecure(request.url) ? 'node:https' : 'node:http') as typeof Http
  return new Promise((resolve, reject) => {
    const { url, headers, body } = request
    const options = { method: 'POST', headers: { ...headers }, agent, ...tls, [IS_EXPORT]: true }
    const sent = http.request(url, options as Http.RequestOptions)
    const timer = setTimeout(
      () => sent.destroy(new Error(`no answer within ${Math.round(timeoutMillis)} ms`)),
      timeoutMillis,
    )
    timer.unref()
    const settle =
      <T>(done: (value: T) => void) =>
      (value: T) => {
        clearTimeout(timer)
        done(value)
      }
    sent.on('socket', (socket) => socket.unref())
    sent.on('finish', () => onHandedOver?.())
    sent.on('error', settle(reject))
    sent.on('response', (response) => readAnswer(response).then(settle(resolve), settle(reject)))
    sent.end(body)
  })
}

function isSecure(url: string): boolean {
  return new URL(url).protocol === 'https:'
}

async function readAnswer(response: IncomingMessage): Promise<OtlpAnswer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MOST_ANSWER_BYTES) throw new Error(`the answer is longer than ${MOST_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  const { statusCode: status = 0, headers } = response
  const body = Buffer.concat(chunks)
  if (status >= 200 && status < 300) return { body }
  return {
    refusal: `the collector answered ${status}`,
    isRetryable: RETRYABLE_STATUS.has(status),
    retryAfterMillis: retryAfterMillis(headers['retry-after']),
    body,
  }
}

function retryAfterMillis(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined
}
