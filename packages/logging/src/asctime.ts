/** Returns a function that gives a time (ms since the epoch) as Python's `asctime`: `2026-11-22 09:00:00,123`, local time. */
export function createAsctime(): (time: number) => string {
  // Calendar fields of a local time cost more than the rest of a line, and change once a second.
  let second = Number.NaN
  let prefix = ''
  return (time) => {
    const now = Math.floor(time / 1000)
    if (now !== second) {
      second = now
      prefix = localSecond(new Date(now * 1000))
    }
    return `${prefix},${padded(Math.floor(time) - now * 1000, 3)}`
  }
}

function localSecond(date: Date): string {
  const day = `${padded(date.getFullYear(), 4)}-${padded(date.getMonth() + 1, 2)}-${padded(date.getDate(), 2)}`
  return `${day} ${padded(date.getHours(), 2)}:${padded(date.getMinutes(), 2)}:${padded(date.getSeconds(), 2)}`
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
