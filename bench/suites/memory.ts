import type { MemoryInput } from '../cases/memory.ts'
import { alternate } from '../harness/alternate.ts'
import { runCase } from '../harness/run-case.ts'
import type { Suite } from '../harness/suite.ts'
import { recorders } from '../record/recorders.ts'

const SERIES = 20_000
const SERIES_QUICK = 10_000
const NAMES = ['ours, two calls', 'prom-client', '@prometheus-io/client', 'OpenTelemetry SDK', 'adds into an array']

export const memory: Suite = {
  name: 'memory',
  about: `memory held per label set, half of ${(2 * SERIES).toLocaleString('en')} of a counter and half of a histogram; a quick run has half as many`,
  figures: {
    scraped: { label: 'with what scrapes leave behind', unit: 'B' },
    recorded: { label: 'before the first scrape', unit: 'B', plain: true },
  },
  run: (options) => {
    const series = options.quick ? SERIES_QUICK : SERIES
    const cases = NAMES.map((recorder) => ({
      group: 'a label set',
      contestant: recorder.replace(', two calls', '').replace('adds into', 'numbers in'),
      kind: recorders[recorder]?.kind ?? ('peer' as const),
      measure: () =>
        runCase({
          script: 'cases/memory.ts',
          input: { recorder, series } satisfies MemoryInput,
          nodeOptions: ['--expose-gc'],
        }),
    }))
    return alternate(cases, options.quick ? 1 : 2, options)
  },
}
