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
  /** What `headers` has resolved with so far. */
  readonly headersNow: () => Readonly<Record<string, string>>
  readonly agent: () => Promise<Agent>
  /** Options of the agent that a sender in another thread needs: certificates and keys. */
  readonly tlsNow: () => TlsOptions
  readonly compression: 'gzip' | 'none'
  readonly timeoutMillis: number
}

/** Certificates and keys, as `node:tls` takes them. */
export interface TlsOptions {
  readonly ca?: unknown
  readonly cert?: unknown
  readonly key?: unknown
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

/** A request that another thread is to send, with what it needs for TLS. */
export interface LastRequest extends OtlpRequest {
  readonly tls: TlsOptions
  /** Is told why it was not delivered, or nothing when it was. */
  readonly ended: (failure?: Error) => void
}

/** What is on its way. */
export interface Shipment {
  readonly body: Uint8Array
  /** Whether all of it has been handed to the operating system, which delivers it even if the process ends. */
  isHandedOver: boolean
}

/**
 * Sends one request; rejects when nothing answers in time. Its socket is unref'd: an export alone never keeps the
 * process alive.
 */
export async function sendOtlp(
  target: OtlpTarget,
  request: OtlpRequest,
  shipment: Shipment,
  timeoutMillis: number,
): Promise<OtlpAnswer> {
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
    shipment.isHandedOver = false
    sent.on('socket', (socket) => socket.unref())
    sent.on('finish', () => (shipment.isHandedOver = true))
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
