import type * as Http2 from 'node:http2'
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2'
import { createRequire } from 'node:module'

import { retryDelayMillis } from './grpc-retry-info.ts'
import { MOST_ANSWER_BYTES, type OtlpAnswer, type Send, type TlsOptions } from './otlp-request.ts'

const require = createRequire(import.meta.url)

const PREFIX_BYTES = 5

/** Status codes of gRPC that OTLP's specification has retried, by number; the name is for what is said. */
const STATUS_NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
]
const RETRYABLE = new Set(['CANCELLED', 'DEADLINE_EXCEEDED', 'ABORTED', 'OUT_OF_RANGE', 'UNAVAILABLE', 'DATA_LOSS'])

/**
 * Creates a sender of unary gRPC calls that keeps one connection as long as it lasts. It never says that a call is handed
 * over: a collector ends the calls of a connection that is gone, though it may have all of their data.
 */
export function createGrpcSender(): Send {
  let session: ClientHttp2Session | undefined

  const connect = (origin: string, tls: TlsOptions): ClientHttp2Session => {
    if (session !== undefined && !session.closed && !session.destroyed) return session
    const http2 = require('node:http2') as typeof Http2
    const opened = http2.connect(origin, { ...tls })
    const forget = (): void => {
      if (session === opened) session = undefined
    }
    // A call tells its own failure; without a listener the session's would end the process.
    opened.on('error', forget).on('close', forget).on('goaway', forget)
    opened.unref()
    session = opened
    return opened
  }

  return ({ url, headers, body }, { connection: { tls }, timeoutMillis }) =>
    new Promise((resolve, reject) => {
      const { origin, pathname } = new URL(url)
      const within = connect(origin, tls)
      const call = within.request({
        ':method': 'POST',
        ':path': pathname,
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': `${Math.max(1, Math.ceil(timeoutMillis))}m`,
        ...headers,
      })
      const timer = setTimeout(() => {
        fail(new Error(`no answer within ${Math.round(timeoutMillis)} ms`))
        call.close(CANCEL)
        // Whoever does not answer may never do so on this connection.
        within.destroy()
      }, timeoutMillis)
      timer.unref()
      const fail = (error: Error): void => {
        clearTimeout(timer)
        // A call that its connection takes along says less than what happened to that.
        reject(error.cause instanceof Error ? error.cause : error)
      }
      let said: IncomingHttpHeaders = {}
      const chunks: Buffer[] = []
      let length = 0
      const hear = (more: IncomingHttpHeaders): void => void (said = { ...said, ...more })
      call.on('response', hear).on('trailers', hear)
      call.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > MOST_ANSWER_BYTES) call.destroy(new Error(`the answer is longer than ${MOST_ANSWER_BYTES} bytes`))
        else chunks.push(chunk)
      })
      call.on('error', fail)
      // A connection that breaks ends its calls without an error of their own.
      within.once('error', fail)
      call.on('close', () => {
        within.removeListener('error', fail)
        clearTimeout(timer)
        resolve(answerOf(said, Buffer.concat(chunks)))
      })
      call.end(framed(body, 'grpc-encoding' in headers))
    })
}

/** `CANCEL` of HTTP/2. */
const CANCEL = 8

/** A message of gRPC: whether it is compressed, its length, itself. */
function framed(message: Uint8Array, isCompressed: boolean): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix[0] = isCompressed ? 1 : 0
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

function answerOf(said: IncomingHttpHeaders, raw: Buffer): OtlpAnswer {
  const body = raw.subarray(PREFIX_BYTES)
  const status = said['grpc-status']
  if (status === '0') return { body }
  if (status === undefined) {
    const http = said[':status']
    const refusal =
      http === undefined ? 'the connection was closed without an answer' : `no gRPC there, but HTTP ${Number(http)}`
    return { refusal, isRetryable: http === undefined || RETRYABLE_HTTP.has(Number(http)), body }
  }
  const name = STATUS_NAMES[Number(status)] ?? `status ${String(status)}`
  const message = messageOf(said['grpc-message'])
  const delay = retryDelayMillis(said['grpc-status-details-bin'])
  return {
    refusal: `the collector answered ${name}${message === '' ? '' : `: ${message}`}`,
    isRetryable: RETRYABLE.has(name) || (name === 'RESOURCE_EXHAUSTED' && delay !== undefined),
    retryAfterMillis: delay,
    body,
  }
}

const RETRYABLE_HTTP: ReadonlySet<number> = new Set([429, 502, 503, 504])

function messageOf(header: string | string[] | undefined): string {
  try {
    return decodeURIComponent(String(header ?? ''))
  } catch {
    return String(header)
  }
}
