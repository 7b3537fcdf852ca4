import { expect, onTestFinished, test } from 'vitest'

import { drainOnAppSignals } from '../src/life/drain-on-app-signals.ts'
import { withinDeadline } from '../src/life/within-deadline.ts'

/** How many timers keep the process alive. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('all has ended well in time, or it has not', async () => {
  const well = Promise.resolve()
  const never = new Promise<never>(() => {})
  expect(await withinDeadline([], 0)).toBe(true)
  expect(await withinDeadline([well, well], 60_000)).toBe(true)
  expect(await withinDeadline([well, Promise.reject(new Error('no'))], 60_000)).toBe(false)
  expect(await withinDeadline([well, never], 1)).toBe(false)
})

test('a deadline keeps the process alive only where that is asked for', async () => {
  const before = timers()
  const { promise, resolve } = Promise.withResolvers<void>()
  const passing = withinDeadline([promise], 60_000, false)
  expect(timers()).toBe(before)
  const holding = withinDeadline([promise], 60_000)
  expect(timers()).toBe(before + 1)
  resolve()
  expect([await passing, await holding]).toEqual([true, true])
})

test('a signal that the app listens to is heard before it, for as long as anything of the app listens', () => {
  const before = process.listenerCount('SIGTERM')
  const stop = drainOnAppSignals(() => {})
  onTestFinished(stop)
  const [first, second] = [() => {}, () => {}]
  expect(process.listenerCount('SIGTERM')).toBe(before + (before > 0 ? 1 : 0))
  process.on('SIGTERM', first).on('SIGTERM', second)
  expect(process.listenerCount('SIGTERM')).toBe(before + 3)
  expect(process.listeners('SIGTERM').indexOf(first)).toBeGreaterThan(0)
  process.removeListener('SIGTERM', first)
  expect(process.listenerCount('SIGTERM')).toBe(before + 2)
  process.removeListener('SIGTERM', second)
  expect(process.listenerCount('SIGTERM')).toBe(before + (before > 0 ? 1 : 0))
  stop()
  expect(process.listenerCount('SIGTERM')).toBe(before)
})
