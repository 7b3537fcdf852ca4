import { closeSync, openSync, readSync } from 'node:fs'

/** Returns the last bytes of a file whose size is known; `undefined` when they cannot be read. */
export function fileTail(path: string, size: number, length: number): Buffer | undefined {
  try {
    const fd = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(length)
      return readSync(fd, bytes, 0, length, size - length) === length ? bytes : undefined
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}
