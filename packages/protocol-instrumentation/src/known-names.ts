import { registerPlugin } from '@mcp/otel-plugin-instrumentation'

import { OTHER } from './bounded-names.ts'
import { fieldsOf } from './message.ts'
import type { Fields } from './message.ts'
import type { ProtocolTelemetry } from './telemetry.ts'

/** Names that one server may be called by before it has told its own. */
const MAX_UNPROVEN = 50
const MAX_TOLD = 1000

/** The tools or the prompts of a server, as far as it has told them. */
export interface KnownNames {
  /** Takes up what an answer to `tools/list` or `prompts/list` tells. */
  readonly told: (listed: unknown) => void
  /** Returns the name as a label: itself when it is the server's own, else `_OTHER`. */
  readonly labelOf: (name: string) => string
}

/** What is known of the names of one server. */
export interface NameBook {
  readonly told: Set<string>
  readonly unproven: Set<string>
}

/**
 * Finds what is known of a server's names, over all its connections: a server without sessions is made anew for each request. A
 * `registry` (that of `McpServer`) says it all; a plain `Server` tells its names when it is asked to list them, and
 * until then any name may be one, within bounds.
 */
export function knownNames(
  { books }: ProtocolTelemetry,
  server: string,
  kind: 'tools' | 'prompts',
  registry: () => Fields | undefined,
): KnownNames {
  const key = `${kind} ${server}`
  let book = books.get(key)
  if (book === undefined) {
    book = { told: new Set(), unproven: new Set() }
    if (books.size < MAX_TOLD) books.set(key, book)
  }
  const { told, unproven } = book
  return {
    told(listed) {
      if (!Array.isArray(listed)) return
      for (const item of listed) {
        const { name } = fieldsOf(item)
        if (typeof name === 'string' && told.size < MAX_TOLD) told.add(name)
      }
    },
    labelOf(name) {
      const registered = registry()
      if ((registered !== undefined && Object.hasOwn(registered, name)) || told.has(name)) return name
      if (registered !== undefined || told.size > 0) return OTHER
      if (unproven.size < MAX_UNPROVEN) unproven.add(name)
      return unproven.has(name) ? name : OTHER
    },
  }
}

/** Announces the tools of a server as the commands of a plugin, each once. */
export function announceTools(telemetry: ProtocolTelemetry, server: string, names: readonly string[]): void {
  const { announced, options } = telemetry
  let known = announced.get(server)
  const isKnown = known
  if (isKnown !== undefined && names.every((name) => isKnown.has(name))) return
  if (known === undefined) announced.set(server, (known = new Set()))
  const fresh = names.filter((name) => !isKnown?.has(name))
  for (const name of fresh) known.add(name)
  registerPlugin(server, { commands: fresh, meterProvider: options.meterProvider })
}
