import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { AppProcess } from '../../../test/support/app-process.ts'
import { repeatWhileBusy } from '../src/repeat-while-busy.ts'
import type { RepeatOptions } from '../src/repeat-while-busy.ts'

const source = pathToFileURL(path.join(import.meta.dirname, '../src/repeat-while-busy.ts')).href

interface Looks {
  /** In the turn that follows the start. */
  readonly first: number
  /** In a second in which the process does nothing, after a turn of its. */
  readonly idle: number
  /** In a second with a turn every 10 ms. */
  readonly busy: number
}

async function looks(options: RepeatOptions): Promise<Looks> {
  const script = `
    import { setImmediate, setTimeout } from 'node:timers/promises'
    import { repeatWhileBusy } from '${source}'
    let looks = 0
    repeatWhileBusy(() => looks++, ${JSON.stringify(options)})
    await setImmediate()
    const first = looks
    await setTimeout(200)
    const before = looks
    await setTimeout(1000)
    const idle = looks - before
    for (let turns = 0; turns < 100; turns++) await setTimeout(10)
    console.log(JSON.stringify({ first, idle, busy: looks - before - idle }))`
  await using app = new AppProcess(['--input-type=module', '-e', script])
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  return JSON.parse(app.stdout) as Looks
}

test('nothing is looked at any more once that was ended, whatever was awaited', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const options = { interval: 20, longest: 1000, isFirstNow: true }
  let count = 0
  for (const wait of [0, 1, 10]) {
    const end = repeatWhileBusy(() => (count += 1), options)
    await vi.advanceTimersByTimeAsync(wait)
    end()
    expect(vi.getTimerCount()).toBe(0)
  }
  const before = count
  await vi.advanceTimersByTimeAsync(5000)
  expect(count).toBe(before)
})

test('a look that time alone has called for takes the place of the one that was awaited', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  let count = 0
  const end = repeatWhileBusy(() => (count += 1), { interval: 20, longest: 100 })
  onTestFinished(end)
  for (let turn = 0; turn < 5; turn++) {
    await setImmediate()
    vi.advanceTimersByTime(100)
  }
  await setImmediate()
  // The interval, and one look that is awaited: not one more for each that time has called for.
  expect(vi.getTimerCount()).toBe(2)
  expect(count).toBeGreaterThan(0)
})

describe.concurrent('what is looked at while the process is busy', () => {
  test('is looked at after turns, and wakes no process that has none', async () => {
    const { first, idle, busy } = await looks({ interval: 20, isFirstNow: true })
    expect({ first, idle }).toEqual({ first: 1, idle: 1 })
    expect(busy).toBeGreaterThan(5)
  })

  test('is not looked at before the interval has passed, unless it is to be at once', async () => {
    const { first, idle, busy } = await looks({ interval: 500 })
    expect({ first, idle }).toEqual({ first: 0, idle: 1 })
    expect(busy).toBeGreaterThan(0)
  })

  test('wakes an idle process as often as time alone may change it, and no more often', async () => {
    const { idle } = await looks({ interval: 20, longest: 450 })
    // After the turn, and twice for the time; each may be late.
    expect(idle).toBeGreaterThan(0)
    expect(idle).toBeLessThan(4)
  })
})
