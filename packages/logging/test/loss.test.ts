import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { lost, range, readFolder, runWriter, temporaryFolder } from './support/writer.ts'
import type { Ended, Found, WriterJob } from './support/writer.ts'

type Job = Omit<WriterJob, 'file' | 'kind'>

/** Does the same with our logger and with winston's own File transport, and tells what became of the lines. */
async function sideBySide(title: string, job: Job): Promise<{ ours: Found; end: Ended; theirs: number }> {
  const folder = temporaryFolder()
  const folders = { ours: join(folder, 'ours'), winston: join(folder, 'winston') }
  for (const path of Object.values(folders)) mkdirSync(path)
  const end = await runWriter({ ...job, kind: 'ours', file: join(folders.ours, 'mcp.log') })
  await runWriter({ ...job, kind: 'winston', file: join(folders.winston, 'mcp.log') })
  const ours = readFolder(folders.ours)
  const theirs = lost(readFolder(folders.winston), job.count)
  console.log(`${title}: ${job.count} lines, lost: ours ${lost(ours, job.count)}, winston's File ${theirs}`)
  return { ours, end, theirs }
}

test('a synchronous burst of 250,000 lines at 10 MiB and 5 backups is in the files whole and in order', async () => {
  const { ours, end } = await sideBySide('burst', { count: 250_000 })
  expect(end).toEqual({ code: 0, signal: null, stderr: '' })
  expect(ours.numbers).toEqual(range(0, 250_000))
  expect(ours.files).toEqual(['mcp.log', 'mcp.log.1', 'mcp.log.2', 'mcp.log.3', 'mcp.log.4', 'mcp.log.5'])
  expect(ours.largest).toBeLessThanOrEqual(10_485_760)
})

test("rotation every 100 kB loses nothing, where winston's loses lines at each", async () => {
  const { ours, theirs } = await sideBySide('rotation at 100 kB', { count: 2500, maxBytes: 100_000 })
  expect(ours.numbers).toEqual(range(0, 2500))
  expect(ours.files).toEqual(['mcp.log', 'mcp.log.1', 'mcp.log.2', 'mcp.log.3', 'mcp.log.4', 'mcp.log.5'])
  expect(ours.largest).toBeLessThanOrEqual(100_000)
  expect(theirs).toBeGreaterThan(0)
})

test('the oldest file goes when there are more than backupCount', async () => {
  const folder = temporaryFolder()
  await runWriter({ file: join(folder, 'mcp.log'), count: 1000, maxBytes: 20_000, backupCount: 2 })
  const { numbers, files } = readFolder(folder)
  expect(files).toEqual(['mcp.log', 'mcp.log.1', 'mcp.log.2'])
  expect(numbers).toEqual(range(1000 - numbers.length, numbers.length))
})

test.for([
  { end: 'exit', ends: { code: 0, signal: null } },
  { end: 'throw', ends: { code: 1, signal: null } },
  { end: 'SIGTERM', ends: { code: null, signal: 'SIGTERM' } },
  { end: 'SIGKILL', ends: { code: null, signal: 'SIGKILL' } },
  { end: 'abort', ends: { code: null, signal: 'SIGABRT' } },
] as const)('a line logged right before $end is in the file', async ({ end, ends }) => {
  const result = await sideBySide(end, { count: 5000, end })
  expect(result.end).toMatchObject(ends)
  expect(result.ours.numbers).toEqual(range(0, 5000))
  expect(result.theirs).toBeGreaterThan(0)
})

test('a restart goes on in the same files, under the same names', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'mcp.log')
  for (const first of [0, 700, 1400]) await runWriter({ file, first, count: 700, maxBytes: 100_000, end: 'exit' })
  const { numbers, files, largest } = readFolder(folder)
  expect(numbers).toEqual(range(0, 2100))
  expect(files).toEqual(['mcp.log', 'mcp.log.1', 'mcp.log.2', 'mcp.log.3', 'mcp.log.4'])
  expect(largest).toBeLessThanOrEqual(100_000)
})

test.for([100_000, 1_100_000])(
  'two processes on one file of %d bytes, rotating, lose nothing, tear nothing and keep its size',
  async (maxBytes) => {
    const folder = temporaryFolder()
    const job = { file: join(folder, 'mcp.log'), count: 20_000, maxBytes, backupCount: 99 }
    const ends = await Promise.all([runWriter({ ...job, first: 0 }), runWriter({ ...job, first: 20_000 })])
    expect(ends.map(({ stderr }) => stderr)).toEqual(['', ''])
    const found = readFolder(folder)
    expect(lost(found, 40_000)).toBe(0)
    expect(found.numbers).toHaveLength(40_000)
    expect(found.largest).toBeLessThanOrEqual(maxBytes)
    // Each process's own lines are in the order it wrote them.
    expect(found.numbers.filter((seq) => seq < 20_000)).toEqual(range(0, 20_000))
  },
)

test.for([
  { end: undefined, ends: { code: 0, signal: null, stderr: '' } },
  { end: 'exit', ends: { code: 0, signal: null, stderr: '' } },
  { end: 'throw', ends: { code: 1, signal: null } },
  { end: 'SIGTERM', ends: { code: null, signal: 'SIGTERM', stderr: '' } },
  { end: 'SIGINT', ends: { code: null, signal: 'SIGINT', stderr: '' } },
  { end: 'SIGHUP', ends: { code: null, signal: 'SIGHUP', stderr: '' } },
  { end: 'SIGQUIT', ends: { code: null, signal: 'SIGQUIT', stderr: '' } },
] as const)(
  'gathered lines are written before the process ends by $end, and its exit code stays',
  async ({ end, ends }) => {
    const folder = temporaryFolder()
    const result = await runWriter({ file: join(folder, 'mcp.log'), count: 5000, batch: true, ...(end && { end }) })
    expect(result).toMatchObject(ends)
    expect(readFolder(folder).numbers).toEqual(range(0, 5000))
  },
)

test('an application that ends by itself on SIGTERM is left to, and what it logs until then is written', async () => {
  const folder = temporaryFolder()
  const job = { file: join(folder, 'mcp.log'), count: 100, batch: true, end: 'SIGTERM', exitCode: 7 } as const
  expect(await runWriter(job)).toEqual({ code: 7, signal: null, stderr: '' })
  expect(readFolder(folder).numbers).toEqual(range(0, 101))
})

test('of gathered lines a SIGKILL takes at most one batch', async () => {
  const folder = temporaryFolder()
  await runWriter({ file: join(folder, 'mcp.log'), count: 5000, batch: true, end: 'SIGKILL' })
  const found = readFolder(folder)
  expect(found.numbers).toEqual(range(0, found.numbers.length))
  const bytesPerLine = found.largest / found.numbers.length
  console.log(`gathered, SIGKILL: ${lost(found, 5000)} of 5000 lines lost`)
  expect(lost(found, 5000) * bytesPerLine).toBeLessThanOrEqual(16_384 + bytesPerLine)
})

test('gathered lines of two processes fill the files to the limit and not beyond', async () => {
  const folder = temporaryFolder()
  const job = { file: join(folder, 'mcp.log'), count: 20_000, maxBytes: 100_000, backupCount: 99, batch: true }
  await Promise.all([runWriter({ ...job, first: 0 }), runWriter({ ...job, first: 20_000 })])
  const found = readFolder(folder)
  expect(lost(found, 40_000)).toBe(0)
  expect(found.numbers).toHaveLength(40_000)
  expect(found.largest).toBeLessThanOrEqual(100_000)
})
