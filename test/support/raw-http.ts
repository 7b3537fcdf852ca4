import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Opens a connection, writes, and resolves with all that came until the peer closed it. */
export async function sendRaw(url: string, text: string): Promise<string> {
  const socket = await open(url)
  let received = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk))
  socket.write(text)
  await once(socket, 'close')
  return received
}

/** Sends a request and breaks the connection as soon as `when` resolves. */
export async function abortRequest(
  url: string,
  path: string,
  when: (socket: Socket) => Promise<unknown>,
): Promise<void> {
  const socket = await open(url)
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`)
  await when(socket)
  const closed = once(socket, 'close')
  socket.destroy()
  await closed
}

async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  return socket
}
