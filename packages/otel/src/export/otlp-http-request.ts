import type * as Http from 'node:http'
import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** Of an answer no more than this is read. */
const MOST_BYTES = 4 * 1024 * 1024

/** Where and how one kind of telemetry is sent. */
export interface OtlpTarget {
  readonly url: string
  readonly headers: () => Promise<Record<string, string>>
  readonly agent: () => Promise<Agent>
  readonly compression: 'gzip' | 'none'
  readonly timeoutMillis: number
}

export interface OtlpAnswer {
  readonly status: number
  readonly body: Uint8Array
  readonly retryAfter: string | undefined
}

/** What can be sent, as it goes over the wire. */
export interface OtlpRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * Sends one request; rejects when nothing answers in time. Its socket is unref'd: an export alone never keeps the
 * process alive.
 */
export async function sendOtlp(target: OtlpTarget, request: OtlpRequest, timeoutMillis: number): Promise<OtlpAnswer> {
  const agent = await target.agent()
  // Not imported above: it must be loaded after the instrumentation of HTTP clients.
  const http = require(isSecure(request.url) ? 'node:https' : 'node:http') as typeof Http
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = http.request(request.url, { method: 'POST', headers: request.headers, agent })
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
    sent.on('error', settle(reject))
    sent.on('response', (response) => readAnswer(response).then(settle(resolve), settle(reject)))
    sent.end(request.body)
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
    if (length > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} bytes`)
    chunks.push(chunk)
  }
  const { statusCode: status = 0, headers } = response
  return { status, body: Buffer.concat(chunks), retryAfter: headers['retry-after'] }
}
