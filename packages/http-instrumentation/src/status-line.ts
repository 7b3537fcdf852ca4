import type { Duplex } from 'node:stream'

const STATUS_LINE = /^HTTP\/1\.\d (\d{3})/
const LENGTH = 'HTTP/1.1 101'.length

/**
 * Reads the status of the first final response written to `socket`, and calls back with it once; with undefined if
 * what is written is no HTTP/1 response.
 */
export function onStatusLine(socket: Duplex, callback: (status: number | undefined) => void): void {
  let head = ''
  let found = false
  const read = (chunk: unknown) => {
    if (found || (typeof chunk !== 'string' && !(chunk instanceof Uint8Array))) return
    head +=
      typeof chunk === 'string' ? chunk.slice(0, LENGTH) : Buffer.from(chunk.subarray(0, LENGTH)).toString('latin1')
    if (head.length < LENGTH) return
    const status = Number(STATUS_LINE.exec(head)?.[1])
    head = ''
    if (status >= 100 && status < 200 && status !== 101) return
    found = true
    for (const restore of restores) restore()
    callback(Number.isNaN(status) ? undefined : status)
  }
  const restores = [watchMethod(socket, 'write', read), watchMethod(socket, 'end', read)]
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
