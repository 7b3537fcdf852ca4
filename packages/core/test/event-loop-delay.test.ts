import { execFile } from 'node:child_process'
import { stat } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { expect, onTestFinished, test, vi } from 'vitest'

import { openEventLoopDelay } from '../src/event-loop-delay.ts'
import type { EventLoopDelayWindow } from '../src/event-loop-delay.ts'

const WAIT = { timeout: 20_000, interval: 5 }
/** What may be missing of a block: a timer of 20 ms that was started just before it, and the precision of the figures. */
const LEAST = 0.128

function open(): EventLoopDelayWindow {
  const window = openEventLoopDelay()
  onTestFinished(() => window.close())
  return window
}

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

const countTurns = `
  const turns = () => performance.nodeTiming.uvMetricsInfo.loopCount
  const start = turns()
  setTimeout(() => console.log(turns() - start), 1000)`

/** Runs a program in a process of its own, which has `openEventLoopDelay`, and returns what it prints. */
async function printedBy(program: string): Promise<unknown> {
  const source = fileURLToPath(new URL('../src/event-loop-delay.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--no-warnings',
    '--input-type=module',
    '--eval',
    `import { openEventLoopDelay } from ${JSON.stringify(source)}\n${program}`,
  ])
  return JSON.parse(stdout)
}

test.each([
  ['a timer', (run: () => void) => void setTimeout(run, 1)],
  ['an immediate', (run: () => void) => void setImmediate(run)],
  ['an answer of the system', (run: () => void) => stat('.', run)],
])('what keeps the loop in %s shows, after a wait and in the midst of work', async (_, soon) => {
  const afterWait = open()
  await pause(100)
  afterWait.reset()
  soon(() => block(150))
  await vi.waitFor(() => expect(afterWait.read()?.max).toBeGreaterThan(LEAST), WAIT)

  const work = setInterval(() => {}, 1)
  onTestFinished(() => clearInterval(work))
  await pause(100)
  const inWork = open()
  soon(() => block(150))
  await vi.waitFor(() => expect(inWork.read()?.max).toBeGreaterThan(LEAST), WAIT)
})

test('a window that is emptied takes nothing from another', async () => {
  const [one, other] = [open(), open()]
  block(150)
  await vi.waitFor(() => expect(one.read()?.max).toBeGreaterThan(LEAST), WAIT)
  const { max } = one.read()!
  one.reset()
  expect(one.count).toBe(0)
  expect(one.read()).toBeUndefined()
  expect(other.read()?.max).toBeGreaterThanOrEqual(max)
})

test('a window that is closed takes nothing more, and the others do', async () => {
  const [closed, other] = [openEventLoopDelay(), open()]
  closed.close()
  closed.close()
  block(150)
  await vi.waitFor(() => expect(other.read()?.max).toBeGreaterThan(LEAST), WAIT)
  expect(closed.count).toBe(0)
})

test('a loop that waits counts as one that is on time', async () => {
  const program = `
    const window = openEventLoopDelay()
    setTimeout(() => {
      const end = performance.now() + 60
      while (performance.now() < end);
      setTimeout(() => console.log(JSON.stringify({ count: window.count, ...window.read() })), 1000)
    }, 1000)`
  const { count, p50, p99, max } = (await printedBy(program)) as Record<string, number>
  expect(count).toBeGreaterThanOrEqual(90)
  expect(p50).toBe(0)
  expect(p99).toBeLessThan(max!)
  expect(max).toBeGreaterThan(0.038)
})

test('a process is neither woken nor kept alive to be sampled', async () => {
  const [bare, sampled] = (await Promise.all([
    printedBy(countTurns),
    printedBy(`openEventLoopDelay()\n${countTurns}`),
  ])) as [number, number]
  expect(sampled - bare).toBeLessThan(10)
})
