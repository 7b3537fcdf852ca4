import type { ScrapeInput } from '../cases/scrape.ts'
import { alternate } from '../harness/alternate.ts'
import type { Case } from '../harness/alternate.ts'
import { runCase } from '../harness/run-case.ts'
import type { RunOptions, Suite } from '../harness/suite.ts'

const CONTESTANTS = [
  { contestant: 'ours', kind: 'ours', recorder: 'ours, two calls', copy: false },
  { contestant: 'prom-client', kind: 'peer', recorder: 'prom-client', copy: false },
  { contestant: '@prometheus-io/client', kind: 'peer', recorder: '@prometheus-io/client', copy: false },
  { contestant: 'OpenTelemetry SDK', kind: 'peer', recorder: 'OpenTelemetry SDK', copy: false },
  { contestant: "copying the page's bytes", kind: 'limit', recorder: 'prom-client', copy: true },
] as const

export const scrape: Suite = {
  name: 'scrape',
  about: 'one scrape of a counter, every series changed since the last',
  figures: {
    work: { label: 'work', unit: 'ms' },
    stall: { label: 'longest stall', unit: 'ms' },
    first: { label: 'first scrape', unit: 'ms', plain: true },
  },
  run: async (options) => [
    ...(await alternate(scrapeCases(1000, options), options.quick ? 1 : 5, options)),
    ...(await alternate(scrapeCases(10_000, options), options.quick ? 1 : 4, options)),
    ...(await alternate(scrapeCases(100_000, options), options.quick ? 1 : 3, options)),
  ],
}

function scrapeCases(series: number, { quick }: RunOptions): Case[] {
  const scrapes = Math.max(quick ? 1 : 2, Math.min(30, (quick ? 30_000 : 100_000) / series))
  return CONTESTANTS.map(({ contestant, kind, recorder, copy }) => ({
    group: `${series.toLocaleString('en')} series`,
    contestant,
    kind,
    measure: () =>
      runCase({ script: 'cases/scrape.ts', input: { recorder, copy, series, scrapes } satisfies ScrapeInput }),
  }))
}
