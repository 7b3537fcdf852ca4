const FLUSHERS = Symbol.for('@mcp/otel-logging.exit-flush')

type Flushers = Set<() => void>

/** Runs `flush` when the process exits by itself, by `process.exit` or by an uncaught error; returns what takes it back. */
export function onExit(flush: () => void): () => void {
  const flushers = installed()
  flushers.add(flush)
  return () => {
    flushers.delete(flush)
  }
}

function installed(): Flushers {
  const holder = globalThis as { [FLUSHERS]?: Flushers }
  const existing = holder[FLUSHERS]
  if (existing !== undefined) return existing
  const flushers: Flushers = new Set()
  holder[FLUSHERS] = flushers
  process.on('exit', () => {
    for (const flush of flushers) flush()
  })
  return flushers
}
