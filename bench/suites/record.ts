import type { RecordInput } from '../cases/record.ts'
import { alternate } from '../harness/alternate.ts'
import type { Case } from '../harness/alternate.ts'
import { runCase } from '../harness/run-case.ts'
import type { Suite } from '../harness/suite.ts'
import { recorders } from '../record/recorders.ts'

const SERIES = 100

/** So long that what V8's other threads do beside it, in some processes, is a small part of it. */
const EVENTS = 1_500_000
const WARM_UP_MS = 1000

export const record: Suite = {
  name: 'record',
  about: `recording one event (a counter and a histogram, ${SERIES} series), the clock excluded and included`,
  figures: {
    nanos: { label: 'per event', unit: 'ns' },
    garbage: { label: 'garbage', unit: 'B', plain: true },
    clean: { label: 'undisturbed', unit: '%', plain: true },
  },
  run: (options) => {
    const { quick } = options
    const input = { series: SERIES, events: quick ? 100_000 : EVENTS, warmUpMs: quick ? 150 : WARM_UP_MS }
    const withClock = ['ours, two calls', 'ours, bound', 'prom-client', '@prometheus-io/client', 'OpenTelemetry SDK']
    const cases = [
      ...recordCases('clock excluded', { ...input, clock: false }),
      ...recordCases('clock included', { ...input, clock: true }, [...withClock, 'adds into an array']),
    ]
    return alternate(cases, quick ? 1 : 4, options)
  },
}

/** Returns a case for each recorder, or for the named ones. */
export function recordCases(
  group: string,
  input: Omit<RecordInput, 'recorder'>,
  names = Object.keys(recorders),
): Case[] {
  return names.map((recorder) => ({
    group,
    contestant: recorder,
    kind: recorders[recorder]?.kind ?? 'peer',
    measure: () =>
      runCase({
        script: 'cases/record.ts',
        input: { ...input, recorder } satisfies RecordInput,
        nodeOptions: ['--expose-gc'],
      }),
  }))
}
