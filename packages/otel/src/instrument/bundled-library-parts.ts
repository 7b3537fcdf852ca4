import { createRequire } from 'node:module'

import type { LibraryParts } from './library-parts.ts'
import { sharedPackages } from './shared-packages.ts'

const require = createRequire(import.meta.url)

/** A file beside the one of `register`: what it has in common with that is handed to it, all else it loads. */
type PartFile<T> = (load: (name: string) => unknown) => T

/**
 * The parts as the one file of `register` has them: each is a file of its own, loaded when a library that it instruments is. To
 * compile both would take a tenth of the start, in all the processes that have no such library.
 */
export const libraryParts = Object.defineProperties({} as LibraryParts, {
  mcp: { configurable: true, get: () => keep('mcp', './start-mcp.cjs') },
  queues: { configurable: true, get: () => keep('queues', './start-queues.cjs') },
})

function keep<K extends keyof LibraryParts>(name: K, file: string): LibraryParts[K] {
  const part = require(file) as PartFile<LibraryParts[K]>
  const value = part((wanted) => sharedPackages[wanted] ?? require(wanted))
  Object.defineProperty(libraryParts, name, { value })
  return value
}
