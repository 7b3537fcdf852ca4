/**
 * Cost of recording one event (a counter and a histogram, fresh attributes each time) through each library's own API.
 *
 *   npm run build && node bench/record.ts [--rounds=5] [--series=100] [--only=mcp-otel]
 *
 * The packages are measured as they are published. Every case runs in a process of its own, in turn, for several rounds. Each batch of events lies between two
 * calibration spins; a batch beside a slow spin was disturbed by another process and is dropped. All cases must end with
 * the same totals.
 */
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { recorders } from './recorders.ts'

const BATCH = 10_000
/** Few enough that no collection falls into them. */
const GARBAGE_BATCH = 4000
const BATCHES = 200
const TOLERANCE = 1.1

const table = Int32Array.from({ length: 256 }, (_, i) => i * 7)
/** What spins come to, so that they cannot be left out. */
let sink = 0

interface Measurement {
  readonly nanos: number
  readonly clean: number
  readonly bytes: number
  /** Said only so that no spin can be left out. */
  readonly sink: number
  readonly count: number
  readonly sum: number
}

const { values } = parseArgs({
  options: {
    case: { type: 'string' },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    series: { type: 'string', default: '100' },
  },
})
const series = Number(values.series)
if (values.case === undefined) compare(Number(values.rounds))
else console.log(JSON.stringify(await measure(values.case)))

function compare(rounds: number): void {
  const results = new Map<string, Measurement[]>()
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(recorders).filter((known) => known.includes(values.only))) {
      const list = results.get(name) ?? []
      results.set(name, [...list, inOwnProcess(name)])
    }
  }
  const totals = new Set([...results.values()].flat().map(({ count, sum }) => `${count} events, ${sum} s`))
  console.log(
    `${cpus()[0]?.model}, Node ${process.version}, ${series} series, ${rounds} rounds; totals: ${[...totals].join(' ≠ ')}`,
  )
  console.table(
    Object.fromEntries(
      [...results].map(([name, list]) => {
        const nanos = list.map((result) => result.nanos).toSorted((a, b) => a - b)
        const clean = list.reduce((sum, result) => sum + result.clean, 0) / (list.length * BATCHES)
        return [
          name,
          {
            'ns/event': round1(middle(nanos)),
            least: round1(nanos[0] ?? NaN),
            most: round1(nanos.at(-1) ?? NaN),
            'garbage B/event': Math.round(middle(list.map((result) => result.bytes))),
            'clean batches %': Math.round(clean * 100),
          },
        ]
      }),
    ),
  )
  if (totals.size !== 1) throw new Error('the cases do not agree on what was recorded')
}

function inOwnProcess(name: string): Measurement {
  const args = ['--expose-gc', fileURLToPath(import.meta.url), `--case=${name}`, `--series=${series}`]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`)
  return JSON.parse(stdout) as Measurement
}

async function measure(name: string): Promise<Measurement> {
  const create = recorders[name]
  if (create === undefined) throw new Error(`--case is ${name}; expected one of ${Object.keys(recorders).join(', ')}`)
  const labels = labelSets(series)
  const recorder = create(labels)
  const run = (): number => {
    const start = process.hrtime.bigint()
    recorder.run(BATCH)
    return Number(process.hrtime.bigint() - start) / BATCH
  }
  for (let i = 0; i < 40; i++) {
    run()
    spin()
  }
  const batches: { nanos: number; spin: number }[] = []
  for (let i = 0; i < BATCHES; i++) {
    const before = spin()
    const nanos = run()
    batches.push({ nanos, spin: Math.max(before, spin()) })
  }
  const quiet = Math.min(...batches.map((batch) => batch.spin)) * TOLERANCE
  const clean = batches.filter((batch) => batch.spin <= quiet).map((batch) => batch.nanos)
  const bytes = garbage(() => recorder.run(GARBAGE_BATCH)) / GARBAGE_BATCH
  return { nanos: middle(clean), clean: clean.length, bytes, sink, ...(await recorder.totals()) }
}

/** Bytes that a run leaves on the heap. */
function garbage(run: () => void): number {
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  run()
  return Math.max(0, process.memoryUsage().heapUsed - before)
}

/**
 * Time of a fixed piece of work that keeps several units of the core busy at once, as recording does: a sibling thread
 * slows such work by half, and would not be noticed by one long chain of multiplications.
 */
function spin(): number {
  const start = process.hrtime.bigint()
  let [a, b, c, d] = [1, 2, 3, 4]
  for (let i = 0; i < 50_000; i++) {
    a = (a + (table[i & 255] as number)) | 0
    b = (b ^ (table[(i + 64) & 255] as number)) | 0
    c = (c + (table[(i + 128) & 255] as number) * 3) | 0
    d = (d + Math.imul(i, 17)) | 0
  }
  sink = a + b + c + d
  return Number(process.hrtime.bigint() - start)
}

function labelSets(count: number): { method: string; endpoint: string; status: string }[] {
  const methods = ['GET', 'POST', 'PUT', 'DELETE']
  const sets = Array.from({ length: count }, (_, i) => ({
    method: methods[i % 4] as string,
    endpoint: `/api/route-${Math.floor(i / 4)}/:id`,
    status: i % 7 === 0 ? '404' : '200',
  }))
  // A fixed shuffle: neighbours in time are not neighbours in the tables.
  let seed = 1
  for (let i = sets.length - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    const j = seed % (i + 1)
    ;[sets[i], sets[j]] = [sets[j] as (typeof sets)[0], sets[i] as (typeof sets)[0]]
  }
  return sets
}

function middle(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN
}

function round1(value: number): number {
  return Math.round(value * 10) / 10
}
