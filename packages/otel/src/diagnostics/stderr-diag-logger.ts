import type { Config } from '@mcp/otel-core'
import { diag, DiagLogLevel, type DiagLogger } from '@opentelemetry/api'

import { diagText } from './diag-text.ts'
import { writeStderrLine } from './stderr-line.ts'

/** How many different lines are remembered as said. */
const REMEMBERED = 1000

const DUPLICATE = /Attempted duplicate registration of API: (\w+)/

/** Creates what `diag` writes to: one line on stderr for each thing that is said, and that once. */
export function createStderrDiagLogger(write: (text: string) => void = writeStderrLine): DiagLogger {
  const said = new Set<string>()
  const once = (message: unknown, args: readonly unknown[]): void => {
    const text = inOurWords(diagText(message, args))
    if (said.has(text)) return
    if (said.size >= REMEMBERED) said.clear()
    said.add(text)
    write(text)
  }
  const always = (message: unknown, args: readonly unknown[]): void => write(diagText(message, args))
  return {
    error: (message, ...args) => once(message, args),
    warn: (message, ...args) => once(message, args),
    info: (message, ...args) => once(message, args),
    debug: (message, ...args) => always(message, args),
    verbose: (message, ...args) => always(message, args),
  }
}

/**
 * Routes OpenTelemetry's own diagnostics to stderr, from this level on; returns whether that was possible. It is not
 * where another version of the API was registered first.
 */
export function routeDiagnostics(level: Config['logLevel']): boolean {
  return diag.setLogger(createStderrDiagLogger(), { logLevel: LEVELS[level], suppressOverrideMessage: true })
}

const LEVELS: Readonly<Record<Config['logLevel'], DiagLogLevel>> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
}

/** The API's words for a second SDK name neither its cause nor a remedy. */
function inOurWords(text: string): string {
  const signal = DUPLICATE.exec(text)?.[1]
  if (signal === undefined) return text
  return (
    `the app sets up an OpenTelemetry SDK of its own after @mcp/otel did: its ${signal} provider is ignored; ` +
    'give its options to start({ sdk }), or take ours into it with mcpParts()'
  )
}
