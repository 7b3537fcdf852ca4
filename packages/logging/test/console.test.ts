import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Writable } from 'node:stream'

import { ROOT_CONTEXT } from '@opentelemetry/api'
import { expect, onTestFinished, test, vi } from 'vitest'

import type { Component } from '../../../test/support/components.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { ConsoleTransport } from '../src/console-transport.ts'
import type { LogEntry } from '../src/log-entry.ts'
import { readableLine } from '../src/readable-line.ts'
import { parseLines } from './support/log-family.ts'
import { meterInMemory } from './support/sdk.ts'
import { environment, temporaryFolder } from './support/writer.ts'

const FIXTURE = join(import.meta.dirname, 'fixtures/console.mjs')
const OPTIONS = ['--conditions=@mcp/source', '--disable-warning=ExperimentalWarning', FIXTURE]

interface Output {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs an application that logs to its console, claims stdout for a protocol half-way, and logs on. */
async function run(options: object): Promise<Output> {
  const child = spawn(process.execPath, [...OPTIONS, JSON.stringify(options)], {
    cwd: temporaryFolder(),
    env: environment(),
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

function messages(text: string): unknown[] {
  return parseLines(text).map((line) => line['message'])
}

test('console lines go to stdout, as the guide has it, and move to stderr as soon as a protocol claims stdout', async () => {
  const { stdout, stderr } = await run({})
  expect(messages(stdout)).toEqual(['before'])
  expect(messages(stderr)).toEqual(['after'])
})

test.for([
  { console: 'stdout', out: ['before', 'after'], err: [] },
  { console: 'stderr', out: [], err: ['before', 'after'] },
  { console: false, out: [], err: [] },
] as const)('console: $console is obeyed whatever stdout is for', async ({ console, out, err }) => {
  const { stdout, stderr } = await run({ console })
  expect(messages(stdout)).toEqual(out)
  expect(messages(stderr)).toEqual(err)
})

test('a claim made by another copy of the package counts', async () => {
  const { stdout, stderr } = await run({ claimBySymbol: true })
  expect(messages(stdout)).toEqual(['before'])
  expect(messages(stderr)).toEqual(['after'])
})

test('a console whose reader has gone away ends neither the application nor its log', async () => {
  const child = spawn(process.execPath, [...OPTIONS, JSON.stringify({ count: 20_000, file: 'mcp.log' })], {
    cwd: temporaryFolder(),
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.once('data', () => child.stdout.destroy())
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'exit')) as [number]
  expect(stderr).toBe('')
  expect(code).toBe(0)
})

test('what is said of the logging itself does not end an application whose stderr has no reader any more', async () => {
  const options = { count: 500, console: false, level: 'LOUD', file: '/dev/null/mcp.log' }
  const child = spawn(process.execPath, [...OPTIONS, JSON.stringify(options)], { cwd: temporaryFolder() })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stderr.destroy()
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('all console lines are out when the process ends by itself, however slowly they are read', async () => {
  const { stdout, code } = await run({ count: 5000, console: 'stdout', isAtOnce: true })
  expect(code).toBe(0)
  expect(parseLines(stdout)).toHaveLength(5000)
})

test('what nobody reads is held in bounded memory, and what is dropped is counted', async () => {
  const metrics = meterInMemory()
  const transport = new ConsoleTransport({ target: 'stdout', meterProvider: metrics.provider })
  const stuck = new Writable({ write: () => {} })
  vi.spyOn(process, 'stdout', 'get').mockReturnValue(stuck as unknown as typeof process.stdout)
  onTestFinished(() => void vi.restoreAllMocks())
  const line = 'x'.repeat(1_000_000)
  for (let index = 0; index < 50; index++) transport.log({ [Symbol.for('message')]: line }, () => {})
  expect(stuck.writableLength).toBeLessThan(18_000_000)
  expect(await metrics.sum('mcp.telemetry.dropped_log_records')).toBe(50 - 17)
})

testWith(terminals(), 'at a terminal format auto is readable and coloured, and JSON when piped', async (runThere) => {
  const piped = await run({ format: 'auto', console: 'stdout' })
  expect(messages(piped.stdout)).toEqual(['before', 'after'])
  const command = [process.execPath, ...OPTIONS, JSON.stringify({ format: 'auto', console: 'stdout' })]
  // oxlint-disable-next-line no-control-regex -- the colour is one
  const pattern = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \u001b\[32mINFO {4}\u001b\[0m mcp before\r\n/
  expect(runThere(command)).toMatch(pattern)
})

function terminals(): Component<typeof runInTerminal> {
  try {
    runInTerminal(['true'])
    return { name: 'script(1)', found: runInTerminal }
  } catch (error) {
    return { name: 'script(1)', reason: (error as Error).message }
  }
}

/** Runs a command in a terminal of its own, and returns what appears there. */
function runInTerminal(command: readonly string[]): string {
  const quoted = command.map((part) => `'${part.replaceAll("'", String.raw`'\''`)}'`).join(' ')
  const env = { ...environment(), NO_COLOR: undefined }
  return execFileSync('script', ['-qec', quoted, '/dev/null'], { encoding: 'utf8', env, timeout: 30_000 })
}

const ENTRY: LogEntry = {
  time: new Date(2026, 10, 22, 9, 0, 0, 123).getTime(),
  name: 'mcp',
  level: 'WARNING',
  message: 'queue is long',
  fields: { depth: 120, who: 'a b', list: [1, 'x'] },
  span: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 },
  context: ROOT_CONTEXT,
  exception: undefined,
}

test('a readable line has all that the JSON line has, for a person', () => {
  expect(readableLine(ENTRY, false)).toBe(
    '2026-11-22 09:00:00,123 WARNING  mcp queue is long depth=120 who="a b" list=[1,"x"] trace_id=0af7651916cd43dd8448eb211c80319c',
  )
  expect(
    readableLine(
      {
        ...ENTRY,
        message: null,
        span: undefined,
        fields: { type: 'error', error: 'boom', traceback: 'Error: boom\n    at x', context: {} },
      },
      false,
    ),
  ).toBe('2026-11-22 09:00:00,123 WARNING  mcp type=error error=boom context={}\n    Error: boom\n        at x')
})

test("nothing that a user sent moves the terminal's cursor, colours it or begins a line in a readable line", () => {
  const evil = 'a\n2026-11-22 09:00:00,124 CRITICAL mcp forged\r\u001b[2J\u009b31m\u2028\u202e\u0007'
  const line = readableLine(
    { ...ENTRY, name: evil, message: evil, fields: { [evil]: evil, traceback: `x\n${evil}` } },
    false,
  )
  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  expect(line).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/)
  expect(
    line
      .split('\n')
      .slice(1)
      .every((row) => row.startsWith('    ')),
  ).toBe(true)
})
