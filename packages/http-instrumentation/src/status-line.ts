import type { Duplex } from 'node:stream'

const STATUS_LINE = /^HTTP\/1\.\d (\d{3})/
const STATUS_LENGTH = 'HTTP/1.1 101'.length
/** Longest interim responses (100, 103) that are read over. */
const LIMIT = 16_384

/**
 * Reads the status of the first final response written to `socket`, and calls back with it once; with undefined if
 * what is written is no HTTP/1 response.
 */
export function onStatusLine(socket: Duplex, callback: (status: number | undefined) => void): void {
  let head = ''
  let found = false
  const read = (chunk: unknown) => {
    if (found || (typeof chunk !== 'string' && !(chunk instanceof Uint8Array))) return
    head += typeof chunk === 'string' ? chunk.slice(0, LIMIT) : Buffer.from(chunk.subarray(0, LIMIT)).toString('latin1')
    const status = finalStatus(head)
    if (status === 'incomplete' && head.length < LIMIT) return
    found = true
    for (const restore of restores) restore()
    callback(typeof status === 'number' ? status : undefined)
  }
  const restores = [watchMethod(socket, 'write', read), watchMethod(socket, 'end', read)]
}

function finalStatus(head: string): number | 'incomplete' | 'no response' {
  if (head.length < STATUS_LENGTH) return 'incomplete'
  const status = Number(STATUS_LINE.exec(head)?.[1])
  if (Number.isNaN(status)) return 'no response'
  if (status >= 200 || status === 101) return status
  const end = head.indexOf('\r\n\r\n')
  return end === -1 ? 'incomplete' : finalStatus(head.slice(end + 4))
}

/** Shows the first argument of each call to `read`; returns what takes the watch away, unless another wrapped it since. */
function watchMethod(socket: Duplex, name: 'write' | 'end', read: (chunk: unknown) => void): () => void {
  const own = Object.getOwnPropertyDescriptor(socket, name)
  const original = socket[name] as (...args: unknown[]) => unknown
  const watched = function (this: Duplex, ...args: unknown[]) {
    read(args[0])
    return Reflect.apply(original, this, args)
  }
  Object.defineProperty(socket, name, { value: watched, configurable: true, writable: true, enumerable: false })
  return () => {
    if (socket[name] !== watched) return
    if (own) Object.defineProperty(socket, name, own)
    else Reflect.deleteProperty(socket, name)
  }
}
