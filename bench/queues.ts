/**
 * Throughput of queues, on real brokers where they have one: jobs that are put in a queue and worked off by one process,
 * bare and observed.
 *
 *   node --conditions=@mcp/source bench/queues.ts [--engine=bullmq] [--jobs=1000] [--rounds=20] [--work-ms=5]
 *
 * Engines are bullmq, amqplib, pg-boss, p-queue and fastq.
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

import { findPostgres, findRabbitMq, findRedis } from '../test/support/components.ts'
import type { Component } from '../test/support/components.ts'
import { startPostgres } from '../test/support/start-postgres.ts'
import { startRabbitMq } from '../test/support/start-rabbitmq.ts'
import { startRedis } from '../test/support/start-redis.ts'

interface Engine {
  readonly app: string
  /** Starts the broker, if there is one; returns what the app finds it by. */
  readonly start: () => Promise<AsyncDisposable & { readonly address: string }>
}

interface Batch {
  readonly seconds: number
  readonly cpuSeconds: number
}

const engines: Readonly<Record<string, Engine>> = {
  bullmq: { app: 'bullmq.cjs', start: () => withBroker(findRedis(), startRedis, ({ port }) => String(port)) },
  amqplib: { app: 'amqplib.cjs', start: () => withBroker(findRabbitMq(), startRabbitMq, ({ url }) => url) },
  'pg-boss': { app: 'pg-boss.mjs', start: () => withBroker(findPostgres(), startPostgres, ({ url }) => url) },
  'p-queue': { app: 'p-queue.mjs', start: withoutBroker },
  fastq: { app: 'fastq.cjs', start: withoutBroker },
}

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'bullmq' },
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

const engine = engines[values.engine]
if (engine === undefined) {
  throw new Error(`--engine is "${values.engine}"; expected one of ${Object.keys(engines).join(', ')}`)
}
await using broker = await engine.start()

const children = new Map<string, ChildProcess>()
for (const [name, { execArgv = [], env = {} }] of Object.entries(cases)) {
  const app = new URL(`apps/${engine.app}`, import.meta.url)
  const child = fork(app, [`bench-${children.size}`, broker.address], {
    execArgv,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    cwd: import.meta.dirname,
  })
  await once(child, 'message')
  children.set(name, child)
}

console.log(`${values.engine}: ${jobs} jobs a batch, ${rounds} batches each`)
for (const workMs of [0, Number(values['work-ms'])]) {
  console.log(`\n${workMs === 0 ? 'jobs that do nothing' : `jobs that wait ${workMs} ms for their work`}\n`)
  report(await measure(workMs))
}

for (const child of children.values()) {
  child.disconnect()
  await once(child, 'exit')
}
sink.close()

async function withBroker<F, B extends AsyncDisposable>(
  component: Promise<Component<F>>,
  start: (found: F) => Promise<B>,
  addressOf: (broker: B) => string,
): Promise<AsyncDisposable & { readonly address: string }> {
  const found = await component
  if ('reason' in found) throw new Error(`${found.name} cannot be had on this machine: ${found.reason}`)
  const running = await start(found.found)
  return { address: addressOf(running), [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
}

async function withoutBroker(): Promise<AsyncDisposable & { readonly address: string }> {
  return { address: '', [Symbol.asyncDispose]: () => Promise.resolve() }
}

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
