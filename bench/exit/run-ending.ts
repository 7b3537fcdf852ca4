import path from 'node:path'

import { AppProcess } from '../../test/support/app-process.ts'
import { accountOf, ENDINGS } from '../../test/support/endings.ts'
import type { MockOtlp } from '../../test/support/mock-otlp.ts'
import type { Contestant } from './contestants.ts'

/** An app that has not ended so long after it was to is ended. */
export const PATIENCE_MILLIS = 15_000

/** How an app ended. */
export interface Run {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly isHanging: boolean
  readonly stdout: string
  readonly stderr: string
  /** Milliseconds to its end, from when nothing of its own was left to do: its last line, or the signal where it has no handler. */
  readonly took: number
}

export async function runEnding(
  how: string,
  format: 'cjs' | 'mjs',
  contestant?: Contestant,
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const app = path.join(import.meta.dirname, `app.${format}`)
  const flags = contestant === undefined ? [] : [format === 'mjs' ? '--import' : '--require', contestant.register]
  const apiFrom = contestant?.apiFrom ?? path.join(import.meta.dirname, '../package.json')
  await using child = new AppProcess([...flags, app, how], { env: { API_FROM: apiFrom, ...env } })
  let start: number | undefined
  const lastLine = child.sees(/^bye$/m).then(
    () => (start = performance.now()),
    () => undefined,
  )
  // One that has ended before it was to has no more to be done to it; its end says the rest.
  await ENDINGS[how]?.provoke?.(child).catch(() => {})
  const provoked = performance.now()
  let isHanging = false
  const impatience = setTimeout(() => {
    isHanging = true
    child.child.kill('SIGKILL')
  }, PATIENCE_MILLIS)
  const { code, signal } = await child.exit()
  const end = performance.now()
  clearTimeout(impatience)
  await lastLine
  const { stdout, stderr } = child
  return { code, signal, isHanging, stdout, stderr, took: end - (start ?? provoked) }
}

/** What was to arrive and what did: spans, log records, and counts. */
export interface Delivery {
  readonly expected: number
  readonly arrived: number
  /** Whether it was exactly that, and nothing twice. */
  readonly isExact: boolean
}

export function deliveryOf(collector: MockOtlp, service: string, how: string): Delivery {
  const recorded = ENDINGS[how]?.recorded ?? {}
  const account = accountOf(collector, service)
  const signals = [account.spans, account.logs, account.events]
  return {
    expected: signals.length * total(recorded),
    arrived: signals.reduce((sum, phases) => sum + total(phases), 0),
    isExact: signals.every((phases) => Object.entries(recorded).every(([phase, times]) => phases[phase] === times)),
  }
}

function total(phases: Readonly<Record<string, number>>): number {
  return Object.values(phases).reduce((sum, times) => sum + times, 0)
}
