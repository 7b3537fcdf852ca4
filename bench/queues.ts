/**
 * Throughput of BullMQ on a real Redis: jobs that are put in a queue and worked off by one process, bare and observed.
 *
 *   node --conditions=@mcp/source bench/queues.ts [--jobs=1000] [--rounds=20] [--work-ms=5]
 *
 * Each case is a process of its own; they take turns of one batch each, in another order every round, so that whatever
 * else the machine does hits all alike. Ten jobs run at a time; first they do nothing, then each waits for its work, as for
 * an answer of another server. The figures of a case are the medians of its batches; its share is the median of
 * the shares of bare's throughput that it had round by round.
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'

import { findRedis } from '../test/support/components.ts'
import { startRedis } from '../test/support/start-redis.ts'

interface Batch {
  readonly seconds: number
  readonly cpuSeconds: number
}

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '20' },
    'work-ms': { type: 'string', default: '5' },
  },
})
const jobs = Math.ceil(Number(values.jobs) / 50) * 50
const rounds = Number(values.rounds)

/** Takes spans and forgets them. */
const sink = createServer((request, response) => request.resume().on('end', () => response.end()))
sink.listen(0, '127.0.0.1')
await once(sink, 'listening')
const { port: sinkPort } = sink.address() as AddressInfo

const ours = { execArgv: ['--require', '@mcp/otel/register'], env: { MCP_OTEL_PORT: '0', MCP_OTEL_BANNER: 'off' } }
const cases: Readonly<Record<string, { readonly execArgv?: string[]; readonly env?: Record<string, string> }>> = {
  bare: {},
  '@mcp/otel, metrics': { ...ours, env: { ...ours.env, OTEL_TRACES_SAMPLER: 'always_off' } },
  '@mcp/otel, metrics and all spans, exported': {
    ...ours,
    env: { ...ours.env, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${sinkPort}/v1/traces` },
  },
}

const redis = await findRedis()
if ('reason' in redis) throw new Error(`no Redis on this machine: ${redis.reason}`)
await using broker = await startRedis(redis.found)

const children = new Map<string, ChildProcess>()
for (const [name, { execArgv = [], env = {} }] of Object.entries(cases)) {
  const app = new URL('apps/bullmq.cjs', import.meta.url)
  const child = fork(app, [`bench-${children.size}`, String(broker.port)], {
    execArgv,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    cwd: import.meta.dirname,
  })
  await once(child, 'message')
  children.set(name, child)
}

console.log(`${jobs} jobs a batch, ${rounds} batches each`)
for (const workMs of [0, Number(values['work-ms'])]) {
  console.log(`\n${workMs === 0 ? 'jobs that do nothing' : `jobs that wait ${workMs} ms for their work`}\n`)
  report(await measure(workMs))
}

for (const child of children.values()) {
  child.disconnect()
  await once(child, 'exit')
}
sink.close()

async function measure(workMs: number): Promise<Map<string, Batch[]>> {
  const batches = new Map<string, Batch[]>(Array.from(children.keys(), (name) => [name, []]))
  // The first three rounds warm up.
  for (let round = -3; round < rounds; round += 1) {
    const order = [...children]
    for (const [name, child] of round % 2 === 0 ? order : order.toReversed()) {
      child.send({ jobs, workMs })
      const [batch] = (await once(child, 'message')) as [Batch]
      if (round >= 0) batches.get(name)?.push(batch)
    }
  }
  return batches
}

function report(batches: ReadonlyMap<string, readonly Batch[]>): void {
  const bare = batches.get('bare') ?? []
  console.log('| case | jobs/s | µs of CPU a job | share of bare’s throughput |\n|---|--:|--:|--:|')
  for (const [name, of] of batches) {
    const rate = jobs / median(of.map(({ seconds }) => seconds))
    const cpu = (median(of.map(({ cpuSeconds }) => cpuSeconds)) / jobs) * 1e6
    const share = median(of.map(({ seconds }, round) => (bare[round]?.seconds ?? 0) / seconds))
    console.log(`| ${name} | ${rate.toFixed(0)} | ${cpu.toFixed(0)} | ${(share * 100).toFixed(1)} % |`)
  }
}

function median(of: readonly number[]): number {
  const sorted = of.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
