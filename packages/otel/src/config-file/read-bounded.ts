import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** More than any settings need; what is larger was not meant. */
const MOST_BYTES = 1_048_576

/** Thrown where a file is no file of settings. */
class NoSettings extends Error {}

/**
 * Returns the text of a regular file of at most 1 MiB; throws what it is otherwise. It never waits: not for a pipe to be
 * written to, and not for a large file.
 */
export function readBounded(file: string): string {
  const fd = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stats = fstatSync(fd)
    if (stats.isDirectory()) throw new NoSettings('it is a directory')
    if (!stats.isFile()) throw new NoSettings('it is no regular file')
    if (stats.size > MOST_BYTES) throw new NoSettings(`it has ${stats.size} bytes, more than ${MOST_BYTES}`)
    const buffer = Buffer.alloc(stats.size + 1)
    let length = 0
    for (;;) {
      const read = readSync(fd, buffer, length, buffer.length - length, length)
      length += read
      if (read === 0 || length === buffer.length) break
    }
    return buffer.toString('utf8', 0, length).replace(/^\uFEFF/, '')
  } finally {
    closeSync(fd)
  }
}
