import { commonJsDistributions, distributionEnvironment, esModuleDistributions } from '../distributions.ts'
import type { Distribution } from '../distributions.ts'
import { alternate } from '../harness/alternate.ts'
import type { Case } from '../harness/alternate.ts'
import { startCollector } from '../harness/collector.ts'
import { runCase } from '../harness/run-case.ts'
import type { Suite } from '../harness/suite.ts'

/** In short turns, of which the best quartile counts: a neighbour makes a start longer, never shorter. */
const STARTS_IN_A_ROUND = 4

export const startUp: Suite = {
  name: 'start-up',
  needsContestants: true,
  about:
    'starting an app that does nothing, everything on and exported over OTLP; of the starts of a round the best quartile counts',
  figures: {
    wall: { label: 'until its first line', unit: 'ms', over: true },
    cpu: { label: 'CPU until all is loaded', unit: 'ms', over: true },
    rss: { label: 'RSS', unit: 'MiB', over: true },
  },
  async run(options) {
    const collector = await startCollector()
    const env = distributionEnvironment(collector.url)
    const { quick } = options
    const windows = { count: quick ? 1 : STARTS_IN_A_ROUND, figures: this.figures }
    try {
      const cases = [
        ...commonJsDistributions.map((each) => startCase('CommonJS app', 'apps/starts.cjs', each, env)),
        ...esModuleDistributions.map((each) => startCase('ESM app', 'apps/starts.mjs', each, env)),
      ]
      return await alternate(cases, quick ? 1 : 5, options, windows)
    } finally {
      collector.close()
    }
  },
}

function startCase(
  group: string,
  script: string,
  { contestant, kind, nodeOptions }: Distribution,
  env: Record<string, string>,
): Case {
  return {
    group,
    contestant,
    kind,
    measure: async () => {
      const result = await runCase({ script, input: {}, nodeOptions, env })
      if (kind !== 'limit' && result.totals === '') throw new Error('error: it registered no tracer provider')
      return result
    },
  }
}
