import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { createSecureServer, createServer as createHttp2Server, type Http2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { TlsOptions, TLSSocket } from 'node:tls'
import { gunzipSync } from 'node:zlib'

import { createInbox, type Inbox } from './inbox.ts'

export type OtlpSignal = 'traces' | 'metrics' | 'logs'

/** The body of an export as it was sent, without compression and framing. */
export interface OtlpBody {
  readonly signal: OtlpSignal
  readonly isJson: boolean
  readonly body: Buffer
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly isCompressed: boolean
  /** The name in the client's certificate, where it sent one. */
  readonly client: string | undefined
}

/** An answer in place of success: a status of HTTP or of gRPC, with its headers or trailers; `silence` for none at all. */
export type OtlpRefusal = { readonly status: number; readonly headers?: Record<string, string> } | 'silence'

/** A collector of one protocol that keeps what it gets as it is. */
export interface OtlpBodies extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly inbox: Inbox<OtlpBody>
  /** Answers that are given first, one for each export. */
  readonly refusals: OtlpRefusal[]
  stop(): Promise<void>
}

export interface OtlpBodiesOptions {
  readonly tls?: TlsOptions
  readonly port?: number
}

/** Starts a collector for http/protobuf and http/json on a port of 127.0.0.1. */
export async function startHttpBodies({ tls, port = 0 }: OtlpBodiesOptions = {}): Promise<OtlpBodies> {
  const { inbox, receive } = createInbox<OtlpBody>('export')
  const refusals: OtlpRefusal[] = []
  const server = (tls === undefined ? createServer() : createHttpsServer(tls)) as ReturnType<typeof createServer>
  server.on('request', async (request, response) => {
    const raw = await buffer(request)
    const { headers, url = '' } = request
    const isCompressed = headers['content-encoding'] === 'gzip'
    receive([
      {
        signal: signalOf(url),
        isJson: headers['content-type'] === 'application/json',
        body: isCompressed ? gunzipSync(raw) : raw,
        path: url,
        headers,
        isCompressed,
        client: clientOf(request),
      },
    ])
    const refusal = refusals.shift()
    if (refusal === 'silence') return
    response.writeHead(refusal?.status ?? 200, refusal?.headers).end()
  })
  return listening(server, port, tls === undefined ? 'http' : 'https', inbox, refusals, () =>
    server.closeAllConnections(),
  )
}

/** Starts a collector for gRPC on a port of 127.0.0.1. */
export async function startGrpcBodies({ tls, port = 0 }: OtlpBodiesOptions = {}): Promise<OtlpBodies> {
  const { inbox, receive } = createInbox<OtlpBody>('export')
  const refusals: OtlpRefusal[] = []
  const server = (tls === undefined ? createHttp2Server() : createSecureServer(tls)) as Http2Server
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', (session) => sessions.add(session))
  server.on('stream', async (stream, headers) => {
    const raw = await buffer(stream)
    const isCompressed = raw[0] === 1
    const message = raw.subarray(5, 5 + raw.readUInt32BE(1))
    const path = String(headers[':path'])
    receive([
      {
        signal: signalOf(path),
        isJson: false,
        body: isCompressed ? gunzipSync(message) : message,
        path,
        headers,
        isCompressed,
        client: clientOf({ socket: stream.session?.socket } as unknown as IncomingMessage),
      },
    ])
    const refusal = refusals.shift()
    if (refusal === 'silence') return
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    const trailers = { 'grpc-status': String(refusal?.status ?? 0), ...refusal?.headers }
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    stream.end(refusal === undefined ? Buffer.alloc(5) : undefined)
  })
  const cut = (): void => {
    for (const session of sessions) session.destroy()
  }
  return listening(server, port, tls === undefined ? 'http' : 'https', inbox, refusals, cut)
}

async function listening(
  server: Server,
  wanted: number,
  scheme: 'http' | 'https',
  inbox: Inbox<OtlpBody>,
  refusals: OtlpRefusal[],
  cut: () => void,
): Promise<OtlpBodies> {
  server.listen(wanted, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    cut()
    await closed
  }
  return { url: `${scheme}://localhost:${port}`, port, inbox, refusals, stop, [Symbol.asyncDispose]: stop }
}

function signalOf(path: string): OtlpSignal {
  const signal = /trace|metrics|logs/i.exec(path)?.[0].toLowerCase()
  return signal === 'metrics' || signal === 'logs' ? signal : 'traces'
}

function clientOf({ socket }: IncomingMessage): string | undefined {
  const subject = (socket as Partial<TLSSocket>).getPeerCertificate?.().subject as { CN?: string } | undefined
  return subject?.CN
}
