import { openEventLoopDelay, type EventLoopDelayWindow } from '@mcp/otel-core'

/** The delay of the event loop since the last collection, for each reader since its own. */
export interface ReaderDelays {
  /** Returns what there is to tell a reader; for its first collection, since the start. */
  of(reader: object | undefined): Pick<EventLoopDelayWindow, 'read'>
  /** Begins the reader's next window. */
  renew(reader: object | undefined): void
  close(): void
}

/** Opens the first window; further ones are opened as readers come. */
export function createReaderDelays(): ReaderDelays {
  const sinceStart = openEventLoopDelay()
  /** Readers that cannot be told apart share the one that is under no reader. */
  const windows = new Map<object | undefined, EventLoopDelayWindow>()
  return {
    of: (reader) => windows.get(reader) ?? sinceStart,
    renew(reader) {
      const window = windows.get(reader)
      if (window === undefined) windows.set(reader, openEventLoopDelay())
      else window.reset()
    },
    close() {
      for (const window of [sinceStart, ...windows.values()]) window.close()
    },
  }
}
