import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

import { SMTPServer } from 'smtp-server'

import { CERTIFICATE } from '../../packages/http-instrumentation/test/support/certificate.ts'
import { createInbox, type Inbox } from './inbox.ts'

/** A mail as it came over SMTP. */
export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  /** The body, decoded. */
  readonly body: string
}

/** What was posted to a webhook. */
export interface Post {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

/** A mail server and webhooks on loopback that keep what they get. */
export interface AlertSinks extends AsyncDisposable {
  /** `host:port` of the mail server. */
  readonly smarthost: string
  /** Address of the webhooks; as a proxy it is every https server at once, with a certificate of its own. */
  readonly url: string
  readonly mails: Inbox<Mail>
  readonly posts: Inbox<Post>
}

/** Starts both on free ports of 127.0.0.1. */
export async function startAlertSinks(): Promise<AlertSinks> {
  const mails = createInbox<Mail>('mail')
  const posts = createInbox<Post>('post')
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    async onData(stream, { envelope }, done) {
      const raw = await wholeText(stream)
      if (raw === undefined) return
      const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
      mails.receive([{ ...parseMail(raw), from, to: envelope.rcptTo.map(({ address }) => address) }])
      done()
    },
  })
  smtp.on('error', () => {})
  const keep: RequestListener = async (request, response) => {
    const body = await wholeText(request)
    if (body === undefined) return
    posts.receive([{ path: request.url ?? '', body: JSON.parse(body) as Record<string, unknown> }])
    response.setHeader('content-type', 'application/json').end('{"status":"success"}')
  }
  const web = createServer(keep)
  const secure = createSecureServer(CERTIFICATE, keep)
  const tunnels = new Set<Duplex>()
  web.on('connect', (_request, socket: Duplex) => {
    tunnels.add(socket.once('close', () => tunnels.delete(socket)).on('error', () => {}))
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    secure.emit('connection', socket)
  })
  smtp.listen(0, '127.0.0.1')
  web.listen(0, '127.0.0.1')
  await Promise.all([once(smtp.server, 'listening'), once(web, 'listening')])
  return {
    smarthost: `127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
    url: `http://127.0.0.1:${(web.address() as AddressInfo).port}`,
    mails: mails.inbox,
    posts: posts.inbox,
    async [Symbol.asyncDispose]() {
      const closed = Promise.all([once(smtp.server, 'close'), once(web, 'close')])
      smtp.close()
      web.close()
      web.closeAllConnections()
      for (const tunnel of tunnels) tunnel.destroy()
      await closed
    },
  }
}

/** Who is stopped while it sends breaks off, and has sent nothing. */
async function wholeText(stream: Readable): Promise<string | undefined> {
  return text(stream).catch(() => undefined)
}

/** Reads the subject and the quoted-printable body; Alertmanager's are ASCII in their headers. */
function parseMail(raw: string): Pick<Mail, 'subject' | 'body'> {
  const end = raw.indexOf('\r\n\r\n')
  const head = raw.slice(0, end).replaceAll(/\r\n[ \t]+/g, ' ')
  const body = raw
    .slice(end)
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
  return { subject: /^Subject: (.*)$/m.exec(head)?.[1]?.trim() ?? '', body }
}
