import { COUNTS, MAX, MIN, VALUE } from './cells.ts'

/** Numbers in which rows lie. */
type Row = number[] | Float64Array

/** Tells whether two rows hold the same totals; extremes are no totals. */
export function hasSameTotals(a: Row, at: number, b: Row, bAt: number, stride: number): boolean {
  if (a[at + VALUE] !== b[bAt + VALUE]) return false
  for (let slot = COUNTS; slot < stride; slot++) if (a[at + slot] !== b[bAt + slot]) return false
  return true
}

/** Adds the totals of a row to those of another, or with sign -1 takes them off. */
export function addTotals(to: Row, at: number, from: Row, fromAt: number, stride: number, sign: 1 | -1): void {
  to[at + VALUE] = (to[at + VALUE] as number) + sign * (from[fromAt + VALUE] as number)
  for (let slot = COUNTS; slot < stride; slot++) {
    to[at + slot] = (to[at + slot] as number) + sign * (from[fromAt + slot] as number)
  }
}

/** Histograms: widens the extremes of a row. */
export function widen(row: Row, at: number, min: number, max: number): void {
  if (min < (row[at + MIN] as number)) row[at + MIN] = min
  if (max > (row[at + MAX] as number)) row[at + MAX] = max
}

/** Histograms: makes the extremes of a row those of nothing. */
export function clearExtremes(row: Row, at: number): void {
  row[at + MIN] = Infinity
  row[at + MAX] = -Infinity
}
