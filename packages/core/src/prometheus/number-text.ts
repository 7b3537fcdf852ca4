/** Returns a sample's value as text. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

/**
 * Returns a bucket's bound as Go and OpenMetrics write it, always with a point or an exponent: `0.005`, `1.0`, `1e+06`.
 * One spelling for both formats, so that a series does not change its labels with the format that was negotiated.
 */
export function boundText(bound: number): string {
  if (!Number.isFinite(bound)) return numberText(bound)
  const size = Math.abs(bound)
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return bound.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound)
}
