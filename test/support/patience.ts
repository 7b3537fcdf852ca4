import { vi } from 'vitest'

/**
 * How long what a test waits for may take when the test does not say, ms; `expect.poll` has the same from the
 * configuration. Vitest's own second is over when a busy machine has stopped the process for as long: what was awaited is
 * there, but the limit is looked at first. It only ends what never comes.
 */
const PATIENCE_MS = 20_000

const { waitFor, waitUntil } = vi
const patiently = <T extends object>(options: T | number = {} as T): T | number =>
  typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options }

vi.waitFor = (callback, options) => waitFor(callback, patiently(options))
vi.waitUntil = (callback, options) => waitUntil(callback, patiently(options))
