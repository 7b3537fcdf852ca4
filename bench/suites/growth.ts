import type { PacedInput } from '../cases/paced.ts'
import { alternate } from '../harness/alternate.ts'
import type { Case } from '../harness/alternate.ts'
import { runCase } from '../harness/run-case.ts'
import type { Suite } from '../harness/suite.ts'
import { recordCases } from './record.ts'

const SERIES = [1, 100, 10_000, 100_000]
const NAMES = [
  'ours, two calls',
  'prom-client',
  '@prometheus-io/client',
  'OpenTelemetry SDK',
  'adds into an array',
  'looks one label up',
]
/** Some of many series that all events go to: what the others cost by being there, whatever fits into which cache. */
const FEW = 100
const MANY = 100_000
/** With more, the peers alone take a minute. */
const MOST_QUICK = 100
const RATES = [10, 100, 1000, 10_000]

export const growth: Suite = {
  name: 'growth',
  about: 'what an event costs as the series, and the events in a second, grow; and the memory of a simulated day',
  figures: {
    nanos: { label: 'per event', unit: 'ns' },
    heap: { label: 'heap in the end', unit: 'KiB', plain: true },
    growth: { label: 'growth after the second hour', unit: 'KiB an hour', plain: true },
  },
  async run(options) {
    const { quick } = options
    const rows = []
    const input = { clock: false, events: quick ? 100_000 : 200_000, warmUpMs: quick ? 100 : 200 }
    const groups = SERIES.filter((series) => !quick || series <= MOST_QUICK).map((series) =>
      recordCases(`${series.toLocaleString('en')} series`, { ...input, series }, NAMES),
    )
    if (!quick) {
      const amongMany = `${MANY.toLocaleString('en')} series, all events on the same ${FEW}`
      groups.push(recordCases(amongMany, { ...input, series: FEW, idle: MANY - FEW }, NAMES))
    }
    for (const cases of groups) {
      rows.push(...(await alternate(cases, quick ? 1 : 2, options)))
    }
    const paced = RATES.flatMap((perSecond) =>
      ['ours, two calls', 'prom-client'].map((recorder) => pacedCase(recorder, perSecond, quick)),
    )
    rows.push(...(await alternate(paced, quick ? 1 : 3, options)))
    rows.push(...(await alternate([soakCase()], 1, options)))
    return rows
  },
}

function pacedCase(recorder: string, perSecond: number, quick: boolean): Case {
  const events = Math.max(5, Math.round((quick ? 0.25 : 1) * perSecond))
  return {
    group: `100 series, ${perSecond.toLocaleString('en')} events a second, each by itself`,
    contestant: recorder,
    kind: recorder.startsWith('ours') ? 'ours' : 'peer',
    measure: () => runCase({ script: 'cases/paced.ts', input: { recorder, perSecond, events } satisfies PacedInput }),
  }
}

function soakCase(): Case {
  return {
    group: 'a day of ten events and a scrape every 15 s, plugins coming and going',
    contestant: 'ours',
    kind: 'ours',
    measure: () => runCase({ script: 'cases/soak.ts', input: {}, nodeOptions: ['--expose-gc'] }),
  }
}
