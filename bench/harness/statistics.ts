/** What the samples of one figure come to. */
export interface Summary {
  readonly median: number
  /** First and third quartile: half of the rounds lie between them. */
  readonly low: number
  readonly high: number
  readonly count: number
}

/** A quotient of two figures that were measured in turn, round by round. */
export interface Ratio {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** A round that gave nothing has `null`, so that the rounds of two contestants stay side by side. */
export type Samples = readonly (number | null)[]

/** Returns the quantile (0 to 1) of numbers, between neighbours where it falls between them; NaN for none. */
export function quantile(numbers: readonly number[], at: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const position = (sorted.length - 1) * at
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? below
  const part = position - Math.floor(position)
  return part === 0 ? below : below * (1 - part) + above * part
}

export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5)
}

/** Returns median and quartiles of the rounds that gave a number; `undefined` when none did. */
export function summaryOf(samples: Samples): Summary | undefined {
  const numbers = samples.filter((sample) => sample !== null)
  if (numbers.length === 0) return undefined
  return {
    median: median(numbers),
    low: quantile(numbers, 0.25),
    high: quantile(numbers, 0.75),
    count: numbers.length,
  }
}

/**
 * Returns how many times as much the first figure is, from the quotients of the rounds in which both were measured: what
 * disturbs a whole round cancels out. `undefined` when there is no such round, or the second is nothing.
 */
export function ratioOf(samples: Samples, base: Samples): Ratio | undefined {
  const quotients = samples.flatMap((sample, round) => {
    const other = base[round] ?? null
    return sample === null || other === null || other <= 0 ? [] : [sample / other]
  })
  const summary = summaryOf(quotients)
  return summary && { median: summary.median, low: summary.low, high: summary.high }
}

/** Returns how much more the first figure is, round by round. */
export function differencesOf(samples: Samples, base: Samples): Samples {
  return samples.map((sample, round) => {
    const other = base[round] ?? null
    return sample === null || other === null ? null : sample - other
  })
}

/** Tells whether the quartiles of a ratio leave 1 out: only then is there a difference to speak of. */
export function isDifferent({ low, high }: Ratio): boolean {
  return low > 1 || high < 1
}
