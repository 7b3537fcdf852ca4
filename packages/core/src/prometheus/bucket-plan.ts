import { boundText } from './number-text.ts'

/** How the buckets of some boundaries stand on the page. */
export interface BucketPlan {
  /** Bounds that are written, ascending and finite; `+Inf` comes after them. */
  readonly bounds: readonly number[]
  /** For each of `bounds`, the index of the last count that it includes. */
  readonly upTo: readonly number[]
  /** For each of `bounds`, and last for `+Inf`: `le="0.005"`. */
  readonly le: readonly string[]
}

/** Finds what of the boundaries can be written: those that are finite and greater than all before. */
export function bucketPlan(boundaries: readonly number[]): BucketPlan {
  const bounds: number[] = []
  const upTo: number[] = []
  for (const [index, bound] of boundaries.entries()) {
    if (!Number.isFinite(bound) || bound <= (bounds.at(-1) ?? -Infinity)) {
      if (bound === bounds.at(-1)) upTo[upTo.length - 1] = index
      continue
    }
    bounds.push(bound)
    upTo.push(index)
  }
  return { bounds, upTo, le: [...bounds, Infinity].map((bound) => `le="${boundText(bound)}"`) }
}
