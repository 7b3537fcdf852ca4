/** Milliseconds that have passed since `performance.now()` was `started`, to the microsecond. */
export function millisecondsSince(started: number): number {
  return Math.round((performance.now() - started) * 1000) / 1000
}
