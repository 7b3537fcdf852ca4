import { instrumentHandler, instrumentMcp, instrumentWire } from '@mcp/otel-protocol-instrumentation'
import { instrumentQueue, queueEngines } from '@mcp/otel-queue-instrumentation'

/** What instruments libraries of which an app has some, or none. */
export interface LibraryParts {
  readonly mcp: {
    readonly instrumentHandler: typeof instrumentHandler
    readonly instrumentMcp: typeof instrumentMcp
    readonly instrumentWire: typeof instrumentWire
  }
  readonly queues: {
    readonly instrumentQueue: typeof instrumentQueue
    readonly queueEngines: typeof queueEngines
  }
}

export const libraryParts: LibraryParts = {
  mcp: { instrumentHandler, instrumentMcp, instrumentWire },
  queues: { instrumentQueue, queueEngines },
}
