import { median } from './statistics.ts'

/** How much slower than the fastest a spin may be for what lies beside it to count as undisturbed. */
const TOLERANCE = 1.1
const STEPS = 50_000
const table = Int32Array.from({ length: 256 }, (_, i) => i * 7)

/** What was measured, and the slower of the spins before and after it. */
export interface Batch {
  readonly value: number
  readonly spin: number
}

export interface Measured {
  /** Median of the undisturbed batches. */
  readonly value: number
  /** Share of batches that were undisturbed. */
  readonly clean: number
}

/**
 * Returns the nanoseconds of a fixed piece of work that keeps several units of the core busy at once, as recording does:
 * a sibling thread slows such work by half, and would not be noticed by one long chain of multiplications.
 */
export function spin(): number {
  const start = process.hrtime.bigint()
  let [a, b, c, d] = [1, 2, 3, 4]
  for (let i = 0; i < STEPS; i++) {
    a = (a + (table[i & 255] as number)) | 0
    b = (b ^ (table[(i + 64) & 255] as number)) | 0
    c = (c + (table[(i + 128) & 255] as number) * 3) | 0
    d = (d + Math.imul(i, 17)) | 0
  }
  const nanos = Number(process.hrtime.bigint() - start)
  // The result has to matter, or the work could be left out.
  return a + b + c + d === 0.5 ? 0 : nanos
}

/** Measures so many batches, each between two spins. */
export function measureBatches(count: number, measure: () => number): Batch[] {
  return Array.from({ length: count }, () => {
    const before = spin()
    const value = measure()
    return { value, spin: Math.max(before, spin()) }
  })
}

/** Drops the batches beside a slow spin. */
export function cleanOf(batches: readonly Batch[]): Measured {
  const limit = Math.min(...batches.map((batch) => batch.spin)) * TOLERANCE
  const clean = batches.filter((batch) => batch.spin <= limit)
  return { value: median(clean.map((batch) => batch.value)), clean: clean.length / batches.length }
}
