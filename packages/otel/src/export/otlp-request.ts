import type { Agent } from 'node:http'

/** Where and how one kind of telemetry is sent. */
export interface OtlpTarget {
  readonly url: string
  readonly wire: Wire
  readonly headers: Readonly<Record<string, string>>
  /** Made when it is first asked for. */
  readonly connection: () => Connection
  /** What a sender in another thread needs of `connection`. */
  readonly tls: TlsOptions
  readonly compression: 'gzip' | 'none'
  readonly timeoutMillis: number
}

/** What is spoken to the collector: HTTP requests with a body, or calls of gRPC over HTTP/2. */
export type Wire = 'http' | 'grpc'

/** How the collector is reached. */
export interface Connection {
  readonly tls: TlsOptions
  /** Keeps connections for HTTP/1. */
  readonly agent?: Agent
}

/** Certificates and keys, as `node:tls` takes them. */
export interface TlsOptions {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

/** What can be sent, as it goes over the wire. */
export interface OtlpRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** A request that another thread is to send, with what it needs for that. */
export interface LastRequest extends OtlpRequest {
  readonly wire: Wire
  readonly tls: TlsOptions
  /** Is told why it was not delivered, or nothing when it was. */
  readonly ended: (failure?: Error) => void
}

/** How a collector answered. */
export interface OtlpAnswer {
  /** Why it did not take what was sent; `undefined` when it did. */
  readonly refusal?: string
  /** Whether it may take it later. */
  readonly isRetryable?: boolean
  /** How long it asks to be left alone. */
  readonly retryAfterMillis?: number | undefined
  /** The message that it sent. */
  readonly body: Uint8Array
}

export interface SendOptions {
  readonly connection: Connection
  readonly timeoutMillis: number
  /** Is called once the operating system has all of it, and delivers it even if the process ends. */
  readonly onHandedOver?: () => void
}

/** Sends one request; rejects when nothing answers in time. Its socket is unref'd: an export alone never keeps the process alive. */
export type Send = (request: OtlpRequest, options: SendOptions) => Promise<OtlpAnswer>

/** Of an answer no more than this is read. */
export const MOST_ANSWER_BYTES = 4 * 1024 * 1024
