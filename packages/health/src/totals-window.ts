import type { Totals } from './component-totals.ts'

export interface TotalsWindow {
  /** Keeps a sample; those beyond the window go. */
  push(totals: Totals): void
  /** The sample that a figure of the window ending now is counted from; undefined before the first. */
  base(now: number): Totals | undefined
  /** Every sample of the window, oldest first. */
  samples(): readonly Totals[]
}

/** Keeps the samples of the last `length` ms, and one from before them to count from. */
export function createTotalsWindow(length: number): TotalsWindow {
  const samples: Totals[] = []
  const drop = (now: number): void => {
    while (samples.length > 1 && (samples[1] as Totals).at <= now - length) samples.shift()
  }
  return {
    push(totals) {
      samples.push(totals)
      drop(totals.at)
    },
    base(now) {
      drop(now)
      return samples[0]
    },
    samples: () => samples,
  }
}
