import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

import { onTestFinished } from 'vitest'

/** Listens on a free port of the loopback interface until the test is over; returns the port. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => stop(server))
  return (server.address() as AddressInfo).port
}

/** Closes a server with its connections. */
export async function stop(server: Server & { closeAllConnections?: () => void }): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections?.()
  await closed
}

/** Opens a connection; errors of its end are of no interest. */
export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Sends `text` on a connection of its own and returns all that comes back until the server closes. */
export async function exchangeText(port: number, text: string): Promise<string> {
  const socket = await open(port)
  socket.write(text)
  return await readToEnd(socket)
}

/** Returns all that comes on a socket until its end. */
export async function readToEnd(socket: Socket): Promise<string> {
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  await once(socket, 'close')
  return received
}

/** Resolves once `text` has come on a socket; returns what has come so far. */
export async function readUntil(socket: Socket, text: string): Promise<string> {
  let received = ''
  for await (const [chunk] of on(socket)) {
    received += chunk.toString('latin1')
    if (received.includes(text)) break
  }
  return received
}

async function* on(socket: Socket): AsyncGenerator<[Buffer]> {
  for (;;) yield (await once(socket, 'data')) as [Buffer]
}

/** Makes one request on a connection of its own. */
export async function request(
  port: number,
  method: string,
  path: string,
  headers: OutgoingHttpHeaders = {},
): Promise<{ status: number; body: string }> {
  const outgoing = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of response) body += String(chunk)
  return { status: response.statusCode ?? 0, body }
}
