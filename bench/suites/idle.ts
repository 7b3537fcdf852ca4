import { commonJsDistributions, distributionEnvironment } from '../distributions.ts'
import { startCollector } from '../harness/collector.ts'
import { runCase } from '../harness/run-case.ts'
import type { Row, Suite } from '../harness/suite.ts'

export const idle: Suite = {
  name: 'idle',
  needsContestants: true,
  about: 'a server without requests, everything on and exported over OTLP at the default intervals',
  figures: {
    busy: { label: 'of a processor', unit: '%' },
    wakeUps: { label: 'wake-ups', unit: 'a minute', plain: true },
    rss: { label: 'RSS', unit: 'MiB', over: true },
  },
  async run({ quick, progress }) {
    const windowMs = quick ? 3000 : 30_000
    progress(`all contestants at once, for ${windowMs / 1000} s`)
    const collector = await startCollector()
    const env = distributionEnvironment(collector.url)
    try {
      return await Promise.all(
        commonJsDistributions.map(async ({ contestant, kind, nodeOptions }): Promise<Row> => {
          const row = { group: 'a server without requests', contestant, kind }
          try {
            const { figures } = await runCase({ script: 'apps/idle.cjs', input: { windowMs }, nodeOptions, env })
            return {
              ...row,
              samples: Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, [value]])),
            }
          } catch (error) {
            if (kind === 'ours') throw error
            return { ...row, samples: {}, note: `did not run: ${(error as Error).message.slice(0, 200)}` }
          }
        }),
      )
    } finally {
      collector.close()
    }
  },
}
