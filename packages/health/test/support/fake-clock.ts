import { setImmediate } from 'node:timers/promises'

import { onTestFinished, vi } from 'vitest'

/** Lets time stand still until the test ends: it passes by `pass` alone, for timers and clocks alike. */
export function useFakeClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] })
  onTestFinished(() => void vi.useRealTimers())
}

/** Lets so many milliseconds pass, with everything that is due in them, and in the turn of the event loop after them. */
export async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds)
  await setImmediate()
}
