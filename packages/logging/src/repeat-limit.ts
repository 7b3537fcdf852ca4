import type { LogEntry } from './log-entry.ts'

const MAX_TRACKED = 1000
const MAX_CONTENT = 4096

/** How often the same line may be written. */
export interface RateLimitOptions {
  /** Times that a line that says the same is written in each interval. Default: 10. */
  readonly lines?: number
  /** Length of the interval, ms. Default: 10000. */
  readonly perMs?: number
}

interface Tracked {
  readonly entry: LogEntry
  readonly since: number
  written: number
  suppressed: number
}

/** Holds back lines that repeat, and tells how many there were. */
export class RepeatLimit {
  readonly #lines: number
  readonly #perMs: number
  readonly #write: (summary: LogEntry) => void
  readonly #tracked = new Map<string, Tracked>()
  #timer: NodeJS.Timeout | undefined

  /** `write` gets the record that says how many lines were suppressed, when their interval is over. */
  constructor({ lines = 10, perMs = 10_000 }: RateLimitOptions, write: (summary: LogEntry) => void) {
    this.#lines = lines
    this.#perMs = perMs
    this.#write = write
  }

  /** Tells whether to write an entry; `content` is all that it says. */
  admits(entry: LogEntry, content: string): boolean {
    if (content.length > MAX_CONTENT) return true
    const known = this.#tracked.get(content)
    // A clock that was set back counts as an interval that is over.
    if (known === undefined || Math.abs(entry.time - known.since) >= this.#perMs) {
      if (known !== undefined) this.#settle(content, known)
      else if (this.#tracked.size >= MAX_TRACKED) this.#settleOldest()
      this.#tracked.set(content, { entry, since: entry.time, written: 1, suppressed: 0 })
      return true
    }
    if (known.written < this.#lines) {
      known.written++
      return true
    }
    known.suppressed++
    this.#timer ??= setTimeout(() => this.flush(), this.#perMs).unref()
    return false
  }

  /** Writes a record for every line that was suppressed, and starts afresh. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const [content, tracked] of this.#tracked) this.#settle(content, tracked)
  }

  #settleOldest(): void {
    for (const [content, tracked] of this.#tracked) {
      this.#settle(content, tracked)
      return
    }
  }

  #settle(content: string, { entry, suppressed }: Tracked): void {
    this.#tracked.delete(content)
    if (suppressed > 0) this.#write(summaryOf(entry, suppressed))
  }
}

function summaryOf(entry: LogEntry, suppressed: number): LogEntry {
  const { name, level, message, fields, context } = entry
  const what = message ?? JSON.stringify(fields)
  return {
    time: Date.now(),
    name,
    level,
    message: `suppressed ${suppressed} repetitions of: ${what}`,
    fields: { type: 'suppressed', suppressed },
    span: undefined,
    exception: undefined,
    context,
  }
}
