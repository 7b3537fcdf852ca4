import type { Exemplar } from '../metric-data.ts'
import { numberText } from './number-text.ts'

/** Returns the exemplar of a counter as it follows the value; empty when there is none to show. */
export function exemplarText(exemplars: readonly Exemplar[] | undefined): string {
  const best = exemplars?.filter(isValid).reduce<Exemplar | undefined>(larger, undefined)
  return best === undefined ? '' : textOf(best)
}

/** Returns the exemplar of each bucket, by the bucket's index; each stands in the one bucket that its value fell in. */
export function bucketExemplars(
  exemplars: readonly Exemplar[],
  bounds: readonly number[],
): ReadonlyMap<number, string> | undefined {
  const best = new Map<number, Exemplar>()
  for (const exemplar of exemplars) {
    if (!isValid(exemplar)) continue
    const found = bounds.findIndex((bound) => exemplar.value <= bound)
    const bucket = found < 0 ? bounds.length : found
    best.set(bucket, larger(best.get(bucket), exemplar))
  }
  if (best.size === 0) return undefined
  return new Map([...best].map(([bucket, exemplar]) => [bucket, textOf(exemplar)]))
}

/** The specification takes the largest; of equals the latest tells most. */
function larger(a: Exemplar | undefined, b: Exemplar): Exemplar {
  if (a === undefined || b.value > a.value) return b
  return b.value === a.value && b.timestamp >= a.timestamp ? b : a
}

/** Ids of this form keep the labels at 63 characters, below the 128 that OpenMetrics allows. */
function isValid({ value, traceId, spanId }: Exemplar): boolean {
  return Number.isFinite(value) && /^[0-9a-f]{32}$/.test(traceId) && /^[0-9a-f]{16}$/.test(spanId)
}

function textOf({ value, timestamp, traceId, spanId }: Exemplar): string {
  const seconds = timestamp > 0 && timestamp < 1e12 ? ` ${timestamp.toFixed(3)}` : ''
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${numberText(value)}${seconds}`
}
