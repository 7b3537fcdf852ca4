// `npm run compare:exit`: how apps end under each distribution; writes docs/exit-behaviour.md.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'

import { ENDINGS } from '../../test/support/endings.ts'
import { startMockOtlp } from '../../test/support/mock-otlp.ts'
import { contestants } from './contestants.ts'
import { exitPage, type Outcome } from './exit-page.ts'
import { deliveryOf, runEnding, type Run } from './run-ending.ts'

const PAGE = path.join(import.meta.dirname, '../../docs/exit-behaviour.md')
/** More at once would delay each other. */
const AT_ONCE = 2
const STATES = ['up', 'down', 'hanging'] as const

const collector = await startMockOtlp()
const silent = createServer(() => {}).listen(0, '127.0.0.1')
await once(silent, 'listening')
const ENDPOINTS: Readonly<Record<(typeof STATES)[number], string>> = {
  up: collector.httpUrl,
  down: 'http://127.0.0.1:9',
  hanging: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
}

const bareRuns = new Map<string, Promise<Run>>()
function bare(how: string, format: 'cjs' | 'mjs'): Promise<Run> {
  const key = `${how} ${format}`
  const known = bareRuns.get(key) ?? runEnding(how, format)
  bareRuns.set(key, known)
  return known
}

const taking = contestants()
const jobs = Object.keys(ENDINGS).flatMap((how) =>
  (['cjs', 'mjs'] as const).flatMap((format) =>
    STATES.flatMap((state) => taking.map((contestant) => ({ how, format, state, contestant }))),
  ),
)
const outcomes: Outcome[] = []
let next = 0
async function work(): Promise<void> {
  for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
    const { contestant, format, how, state } = job
    const service = `${contestant.name} ${how} ${format} ${state}`
    const without = await bare(how, format)
    const env = { ...contestant.env(ENDPOINTS[state]), OTEL_SERVICE_NAME: service }
    const run = await runEnding(how, format, contestant, env)
    const delivery = state === 'up' ? deliveryOf(collector, service, how) : undefined
    outcomes.push({ how, format, state, contestant: contestant.name, run, without, delivery })
    process.stderr.write(`${outcomes.length}/${jobs.length} ${service}\n`)
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work))
await collector.stop()
silent.close()

writeFileSync(
  PAGE,
  exitPage(
    outcomes,
    taking.map(({ name }) => name),
  ),
)
