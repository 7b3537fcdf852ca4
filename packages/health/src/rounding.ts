/** Returns a number to six places, which is microseconds for seconds; null stays null. */
export function micro<T extends number | null>(value: T): T {
  return (value === null ? null : Math.round(value * 1e6) / 1e6) as T
}
