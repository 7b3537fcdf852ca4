import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'

import * as fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'

import { LogFile } from '../src/log-file.ts'
import type { LogFileOptions } from '../src/log-file.ts'
import { RotatingFileTransport } from '../src/rotating-file-transport.ts'
import { meterInMemory } from './support/sdk.ts'
import { temporaryFolder } from './support/writer.ts'

interface Opened {
  readonly file: LogFile
  readonly path: string
  readonly folder: string
  /** What the user was told. */
  readonly said: string[]
  readonly dropped: number[]
  /** The lines in `mcp.log`. */
  readonly lines: () => string[]
}

function open(options: Partial<LogFileOptions> = {}): Opened {
  const root = temporaryFolder()
  const folder = join(root, 'logs')
  const path = join(folder, 'mcp.log')
  const said: string[] = []
  const dropped: number[] = []
  const file = new LogFile({
    path,
    onReport: (text) => said.push(text),
    onDropped: (count) => dropped.push(count),
    gapLine: (count) => `gap of ${count}\n`,
    ...options,
  })
  onTestFinished(() => file.close())
  return { file, path, folder, said, dropped, lines: () => linesOf(path) }
}

function linesOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  expect(text.endsWith('\n')).toBe(true)
  return text.slice(0, -1).split('\n')
}

test('the folder of the file is made when it is not there', () => {
  const { file, lines } = open()
  file.write('one\n')
  expect(lines()).toEqual(['one'])
})

test('a file that is deleted is made anew by itself, with every line that was logged since', async () => {
  const { file, path, lines, said } = open()
  file.write('one\n')
  rmSync(path)
  file.write('two\n')
  await expect.poll(() => existsSync(path)).toBe(true)
  expect(lines().at(-1)).toBe('two')
  expect(said).toEqual([])
})

test('in a burst during which the file is deleted no line is lost that was logged after', () => {
  const { file, path, lines } = open()
  for (let index = 0; index < 3000; index++) {
    file.write(`${index}\n`)
    if (index % 1000 === 500) rmSync(path)
  }
  file.flush()
  // Some from before the deletion may be written again: they are whole, and in order.
  const numbers = lines().map(Number)
  expect(numbers.slice(-499)).toEqual(Array.from({ length: 499 }, (_, index) => index + 2501))
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
})

test('a folder that is deleted is made anew by itself', async () => {
  const { file, path, folder, lines } = open()
  file.write('one\n')
  rmSync(folder, { recursive: true })
  file.write('two\n')
  await expect.poll(() => existsSync(path)).toBe(true)
  expect(lines().at(-1)).toBe('two')
})

test('a file that another program moves away is followed by a new one within a second', () => {
  const { file, path, lines } = open()
  const now = Date.now()
  file.write('one\n', now)
  renameSync(path, `${path}.moved`)
  file.write('two\n', now + 1)
  file.write('three\n', now + 1002)
  expect(linesOf(`${path}.moved`)).toEqual(['one', 'two'])
  expect(lines()).toEqual(['three'])
})

test('a clock that is set back does not keep a file that was moved away from being noticed', () => {
  const { file, path, lines } = open()
  const now = Date.now()
  file.write('one\n', now)
  renameSync(path, `${path}.moved`)
  file.write('two\n', now - 3_600_000)
  expect(linesOf(`${path}.moved`)).toEqual(['one'])
  expect(lines()).toEqual(['two'])
})

test('lines that were in the file when it was deleted are not written again', () => {
  const { file, path, lines } = open()
  const now = Date.now()
  file.write('one\n', now)
  // Clocks of file systems are coarse, and the line is to be older than the deletion.
  utimesSync(path, 1, 1)
  rmSync(path)
  file.write('two\n', now + 1000)
  expect(lines()).toEqual(['two'])
})

test('a file that another program empties goes on from its start', () => {
  const { file, path, lines } = open({ maxBytes: 100 })
  for (let index = 0; index < 5; index++) file.write(`${'x'.repeat(15)}\n`)
  writeFileSync(path, '')
  file.write('after\n')
  expect(lines()).toEqual(['after'])
})

test('while the file cannot be written its lines wait, are written in order when it can be, and it is said once', () => {
  const { file, folder, said, lines } = open()
  writeFileSync(folder, '')
  for (let index = 0; index < 500; index++) file.write(`${index}\n`)
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(
    /^log file cannot be written: ENOTDIR: .*mcp\.log'; lines are kept in memory, up to 8388608 bytes, until/,
  )
  rmSync(folder)
  file.flush()
  file.write('500\n')
  expect(lines()).toEqual(Array.from({ length: 501 }, (_, index) => String(index)))
  expect(said).toHaveLength(2)
  expect(said[1]).toMatch(/^log file is written again: .*mcp\.log; 0 lines were dropped meanwhile$/)
})

test('a process that has gone quiet writes what waits as soon as it can', async () => {
  const { file, folder, lines } = open()
  mkdirSync(join(folder, '..'), { recursive: true })
  writeFileSync(folder, '')
  file.write('waits\n')
  rmSync(folder)
  await expect.poll(() => existsSync(folder) && lines(), { timeout: 5000 }).toEqual(['waits'])
})

test('beyond the bound of memory the newest lines are dropped, counted, and marked where they are missing', () => {
  const { file, folder, dropped, said, lines } = open({ maxPendingBytes: 32_768 })
  writeFileSync(folder, '')
  const line = `${'x'.repeat(99)}\n`
  for (let index = 0; index < 1000; index++) file.write(line)
  const lost = dropped.reduce((sum, count) => sum + count, 0)
  expect(1000 - lost).toBe(326)
  rmSync(folder)
  file.flush()
  file.write('after\n')
  expect(lines()).toEqual([...Array.from({ length: 326 }, () => line.trim()), `gap of ${lost}`, 'after'])
  expect(said.at(-1)).toContain(`${lost} lines were dropped meanwhile`)
})

test('an outage soon after another is not said again, and takes as many lines into memory', () => {
  const { file, folder, dropped, said, lines } = open({ maxPendingBytes: 16_384 })
  const line = `${'x'.repeat(99)}\n`
  const now = Date.now()
  for (const start of [now, now + 10_000]) {
    if (existsSync(folder)) renameSync(folder, `${folder}.before`)
    writeFileSync(folder, '')
    for (let index = 0; index < 163; index++) file.write(line, start)
    rmSync(folder)
    file.write(line, start + 500)
  }
  expect(dropped).toEqual([1, 1])
  expect(lines()).toHaveLength(164)
  expect(said).toHaveLength(2)
})

test('a clock that is set back while the file cannot be written does not keep it from being tried again', () => {
  const { file, folder, lines } = open()
  const now = Date.now()
  writeFileSync(folder, '')
  file.write('one\n', now)
  rmSync(folder)
  file.write('two\n', now - 3_600_000)
  expect(lines()).toEqual(['one', 'two'])
})

test('of gathered lines a batch is never more than a 64th of the file, and after the close none is gathered', () => {
  const { file, lines, path } = open({ batch: {}, maxBytes: 6400 })
  file.write(`${'x'.repeat(98)}\n`)
  expect(existsSync(path)).toBe(false)
  file.write('y\n')
  expect(lines()).toHaveLength(2)
  file.close()
  file.write('late\n')
  expect(lines()).toHaveLength(3)
})

test('the transport marks the gap with a line, and counts what was dropped', async () => {
  const root = temporaryFolder()
  const folder = join(root, 'logs')
  writeFileSync(folder, '')
  const metrics = meterInMemory()
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => void vi.restoreAllMocks())
  const path = join(folder, 'mcp.log')
  const transport = new RotatingFileTransport({ path, maxPendingBytes: 16_384, meterProvider: metrics.provider })
  onTestFinished(() => transport.close())
  for (let index = 0; index < 400; index++) transport.log({ [Symbol.for('message')]: 'x'.repeat(99) }, () => {})
  rmSync(folder)
  transport.flush()
  const dropped = 400 - 163
  expect(JSON.parse(linesOf(path).at(-1) ?? '')).toMatchObject({
    levelname: 'WARNING',
    message: `${dropped} lines were dropped here, as the file could not be written`,
    type: 'dropped',
    dropped,
  })
  expect(await metrics.sum('mcp.telemetry.dropped_log_records')).toBe(dropped)
})

test('what is still waiting at the end is said to be lost', () => {
  const { file, folder, said } = open()
  writeFileSync(folder, '')
  file.write('one\n')
  file.write('two\n')
  file.close()
  expect(said.at(-1)).toMatch(/^2 lines for .*mcp\.log are lost: it could not be written to the end$/)
})

test('a half line that an earlier crash left is ended before the next begins', () => {
  const { file, path, folder, lines } = open()
  mkdirSync(folder)
  writeFileSync(path, 'whole\nhal')
  file.write('next\n')
  expect(lines()).toEqual(['whole', 'hal', 'next'])
})

test('a rotation that fails is said once, and the lines go on in the present file', () => {
  const { file, path, lines, said } = open({ maxBytes: 100 })
  file.write('one\n')
  // A folder cannot be renamed over by a file, whoever asks.
  mkdirSync(join(`${path}.1`, 'in the way'), { recursive: true })
  mkdirSync(join(`${path}.2`, 'in the way'), { recursive: true })
  mkdirSync(join(`${path}.3`, 'in the way'), { recursive: true })
  mkdirSync(join(`${path}.4`, 'in the way'), { recursive: true })
  mkdirSync(join(`${path}.5`, 'in the way'), { recursive: true })
  for (let index = 0; index < 20; index++) file.write(`${'x'.repeat(15)}\n`)
  expect(lines()).toHaveLength(21)
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(/^log file cannot be rotated: .*; .*mcp\.log grows past its limit until it can be$/)
})

test("a lock that a dead process left does not hinder rotation, another host's does for a while", async () => {
  const { file, path } = open({ maxBytes: 100 })
  file.write('one\n')
  const dead = spawn(process.execPath, ['-e', ''])
  await once(dead, 'exit')
  writeFileSync(`${path}.lock`, `${dead.pid} 0 ${hostname()}`)
  file.write(`${'x'.repeat(98)}\n`)
  expect(existsSync(`${path}.1`)).toBe(true)
  const lock = `${path}.lock`
  writeFileSync(lock, `${dead.pid} 0 elsewhere`)
  file.write('two\n')
  expect(existsSync(`${path}.2`)).toBe(false)
  expect(linesOf(path).at(-1)).toBe('two')
  const longAgo = Date.now() / 1000 - 31
  utimesSync(lock, longAgo, longAgo)
  file.write('three\n', Date.now() + 31_000)
  expect(linesOf(path)).toEqual(['three'])
})

test('a lock that another thread of this process holds is respected', () => {
  const { file, path } = open({ maxBytes: 100 })
  file.write('one\n')
  writeFileSync(`${path}.lock`, `${process.pid} ${threadId + 1} ${hostname()}`)
  file.write(`${'x'.repeat(98)}\n`)
  expect(existsSync(`${path}.1`)).toBe(false)
  expect(linesOf(path)).toHaveLength(2)
})

test('a lock that an earlier process with the number of this one left does not hinder rotation', () => {
  const { file, path } = open({ maxBytes: 100 })
  file.write('one\n')
  writeFileSync(`${path}.lock`, `${process.pid} ${threadId} ${hostname()}`)
  file.write(`${'x'.repeat(98)}\n`)
  expect(existsSync(`${path}.1`)).toBe(true)
  expect(existsSync(`${path}.lock`)).toBe(false)
})

test('a line larger than the limit has a file of its own', () => {
  const { file, path, lines } = open({ maxBytes: 100 })
  file.write('one\n')
  file.write(`${'x'.repeat(500)}\n`)
  file.write('three\n')
  expect(lines()).toEqual(['three'])
  expect(linesOf(`${path}.1`)).toEqual(['x'.repeat(500)])
  expect(linesOf(`${path}.2`)).toEqual(['one'])
})

test.for([{ maxBytes: 0 }, { backupCount: 0 }])(
  'with $maxBytes bytes and $backupCount backups it is never rotated',
  (options) => {
    const { file, path, lines } = open({ maxBytes: 50, backupCount: 2, ...options })
    for (let index = 0; index < 100; index++) file.write(`${index}\n`)
    expect(lines()).toHaveLength(100)
    expect(existsSync(`${path}.1`)).toBe(false)
  },
)

test('any lines under any limit, over restarts, are found again whole and in order', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => JSON.stringify(text))
  const step = fc.oneof({ weight: 5, arbitrary: line }, fc.constant('restart'), fc.constant('flush'))
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 40, max: 400 }),
      fc.boolean(),
      (steps, maxBytes, isGathered) => {
        const path = join(temporaryFolder(), 'mcp.log')
        const make = (): LogFile =>
          new LogFile({
            path,
            maxBytes,
            backupCount: 100,
            ...(isGathered && { batch: { bytes: 64, delayMs: 10_000 } }),
          })
        let file = make()
        for (const what of steps) {
          if (what === 'flush') file.flush()
          else if (what === 'restart') {
            file.close()
            file = make()
          } else file.write(`${what}\n`)
        }
        file.close()
        const expected = steps.filter((what) => what !== 'restart' && what !== 'flush')
        expect(allLines(path)).toEqual(expected)
      },
    ),
    { numRuns: 100 },
  )
})

function allLines(path: string): string[] {
  const rows: string[] = []
  for (let index = 0; existsSync(index === 0 ? path : `${path}.${index}`); index++) {
    const text = readFileSync(index === 0 ? path : `${path}.${index}`, 'utf8')
    rows.unshift(...text.split('\n').slice(0, -1))
  }
  return rows
}
