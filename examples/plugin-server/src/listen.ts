import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Listens, and returns the server's URL; the error of a port that cannot be had says what to do. */
export async function listen(server: Server, { port, host }: { port: number; host: string }): Promise<string> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    throw new Error(explain(cause as NodeJS.ErrnoException, port, host), { cause })
  }
  const { port: actual } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`
}

function explain({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is taken; stop what listens there, or choose another: --port ${port + 1}`
    case 'EACCES':
      return `port ${port} may not be listened on by this user; choose one above 1023: --port 5000`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `--host is "${host}", which is no address of this machine; expected for instance 127.0.0.1`
    default:
      return message
  }
}
