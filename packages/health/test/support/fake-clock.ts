import { onTestFinished, vi } from 'vitest'

/** Lets time stand still until the test ends: it passes by `vi.advanceTimersByTimeAsync` alone, for timers and clocks alike. */
export function useFakeClock(): void {
  vi.useFakeTimers({
    toFake: [
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'setImmediate',
      'clearImmediate',
      'performance',
      'Date',
    ],
  })
  onTestFinished(() => void vi.useRealTimers())
}

/** Lets so many milliseconds pass, with everything that is due in them. */
export async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds)
}
