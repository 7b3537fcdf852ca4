import { processWide } from '@mcp/otel-core'

import { guarded } from './telemetry.ts'
import type { ProtocolTelemetry } from './telemetry.ts'

/**
 * Moves to stderr what is written to stdout and is no JSON-RPC message, and counts it: one stray line is enough for a
 * client to give the session up.
 */
export function guardStdout({ instruments }: ProtocolTelemetry): void {
  const guard = processWide<{ isOn?: true }>('stdout-guard', () => ({}))
  if (guard.isOn) return
  guard.isOn = true
  const write = process.stdout.write.bind(process.stdout) as (...args: unknown[]) => boolean
  instruments.strayWrites.zero()
  // Whoever wrote to stdout, which is read, cannot know that nobody reads stderr, and is not to be ended by it.
  process.stderr.on('error', () => {})
  const guardedWrite = (...args: unknown[]): boolean => {
    if (isMessage(args[0])) return write(...args)
    guarded('a stray write', () => instruments.strayWrites.add(1))
    return (process.stderr.write as (...args: unknown[]) => boolean)(...args)
  }
  process.stdout.write = guardedWrite
}

function isMessage(chunk: unknown): boolean {
  const text = typeof chunk === 'string' ? chunk : chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : ''
  return /^\s*[{[]/.test(text) && text.endsWith('\n') && text.includes('"jsonrpc"')
}
