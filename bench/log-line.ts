/**
 * Cost of one log line to a file, and how many are lost, in a synchronous burst.
 *
 *   node --conditions=@mcp/source bench/log-line.ts [--lines=200000] [--rounds=5]
 *
 * Every case runs in a process of its own, in turn, for several rounds; its cost is the CPU time of the whole process,
 * background threads too, from the first line until the process has ended by itself and all is written.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { writers } from './log-writers.ts'

const WARM_UP = 5000

interface Measurement {
  readonly micros: number
  readonly lost: number
}

const { values } = parseArgs({
  options: {
    case: { type: 'string' },
    folder: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    lines: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
  },
})
const lines = Number(values.lines)
if (values.case === undefined) compare(Number(values.rounds))
else burst(values.case, values.folder)

function compare(rounds: number): void {
  const results = new Map<string, Measurement[]>()
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(writers).filter((known) => known.includes(values.only))) {
      results.set(name, [...(results.get(name) ?? []), inOwnProcess(name)])
    }
  }
  console.log(`${cpus()[0]?.model}, Node ${process.version}, ${lines} lines, ${rounds} rounds`)
  console.table(
    Object.fromEntries(
      [...results].map(([name, list]) => {
        const micros = list.map((result) => result.micros).toSorted((a, b) => a - b)
        const lost = list.map((result) => result.lost)
        return [
          name,
          {
            'µs of CPU/line': rounded(micros[micros.length >> 1]),
            least: rounded(micros[0]),
            most: rounded(micros.at(-1)),
            lost: Math.max(...lost),
          },
        ]
      }),
    ),
  )
}

function inOwnProcess(name: string): Measurement {
  const folder = mkdtempSync(join(tmpdir(), 'log-line-'))
  try {
    const script = fileURLToPath(import.meta.url)
    const args = ['--conditions=@mcp/source', script, `--case=${name}`, `--folder=${folder}`, `--lines=${lines}`]
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${name} failed:\n${stderr}`)
    return { micros: Number(stdout), lost: lines - arrived(folder) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** How many of the lines that were to be measured are in the files. */
function arrived(folder: string): number {
  const numbers = new Set<number>()
  for (const file of readdirSync(folder)) {
    for (const [, seq] of readFileSync(join(folder, file), 'utf8').matchAll(/"seq":(\d+)/g)) numbers.add(Number(seq))
  }
  return numbers.size
}

function burst(name: string, folder: string): void {
  const write = writers[name]?.(folder)
  if (write === undefined) throw new Error(`--case is "${name}"; expected one of ${Object.keys(writers).join(', ')}`)
  const line = (key: string, value: number): void => {
    write({ type: 'plugin', plugin: 'checksum', command: 'sha256', status: 'success', duration_ms: 12.5, [key]: value })
  }
  for (let index = 0; index < WARM_UP; index++) line('warm', index)
  setImmediate(() => {
    const begun = process.cpuUsage()
    for (let seq = 0; seq < lines; seq++) line('seq', seq)
    process.once('exit', () => {
      const { user, system } = process.cpuUsage(begun)
      console.log((user + system) / lines)
    })
  })
}

function rounded(value = Number.NaN): number {
  return Math.round(value * 10) / 10
}
