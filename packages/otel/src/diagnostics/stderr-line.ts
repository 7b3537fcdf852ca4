import { writeSync } from 'node:fs'

const STDERR = 2

/** Writes one line of ours to stderr; never throws, and never waits for a reader that is slow. */
export function writeStderrLine(text: string): void {
  try {
    writeSync(STDERR, `[mcp-otel] ${text.replaceAll(/\s*[\r\n]+\s*/g, ' ')}\n`)
  } catch {
    // Stderr is closed or full: there is nobody to tell.
  }
}
