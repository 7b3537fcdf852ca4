import type { RecordStringsInput } from '../cases/record-strings.ts'
import { alternate } from '../harness/alternate.ts'
import { runCase } from '../harness/run-case.ts'
import type { Suite } from '../harness/suite.ts'
import { recorders } from '../record/recorders.ts'

const NAMES = ['ours, two calls', 'prom-client', '@prometheus-io/client', 'OpenTelemetry SDK', 'adds into an array']

export const recordStrings: Suite = {
  name: 'record-strings',
  about: 'counting one event whose endpoint is a string made at run time, as from a socket (100 series)',
  figures: {
    nanos: { label: 'per event', unit: 'ns' },
    clean: { label: 'undisturbed', unit: '%', plain: true },
  },
  run: (options) => {
    const { quick } = options
    const input = { series: 100, events: quick ? 100_000 : 400_000, warmUpMs: quick ? 150 : 300 }
    const cases = NAMES.map((recorder) => ({
      group: 'counter, string from bytes',
      contestant: recorder === 'adds into an array' ? 'making the string alone' : recorder.replace(', two calls', ''),
      kind: recorders[recorder]?.kind ?? ('peer' as const),
      measure: () =>
        runCase({ script: 'cases/record-strings.ts', input: { ...input, recorder } satisfies RecordStringsInput }),
    }))
    return alternate(cases, quick ? 1 : 4, options)
  },
}
