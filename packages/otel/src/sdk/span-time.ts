import type { HrTime, TimeInput } from '@opentelemetry/api'

import { sdkPackages } from '../sdk-packages.ts'

const NANOS = 1e9
const NANOS_OF_MILLI = 1e6

/** What the SDK has for the end of a span that has none yet; one for all, which nobody can change. */
export const NOT_ENDED = Object.freeze([0, 0]) as unknown as HrTime

/**
 * Returns a time that a span is given, as the SDK understands it; `undefined` for what is none. `madeAt` and `madeAtTick`, ms,
 * are when the span was made: by the clock that is set now and then, and by the one that only runs.
 */
export function givenTime(given: TimeInput, madeAt: number, madeAtTick: number): HrTime | undefined {
  const { hrTime, isTimeInputHrTime, millisToHrTime } = sdkPackages.core
  if (typeof given === 'number') {
    // A small one was taken by the clock that only runs.
    if (given > performance.now()) return millisToHrTime(given)
    return hrTime(given + (madeAt - (madeAtTick + performance.timeOrigin)))
  }
  if (given instanceof Date) return millisToHrTime(given.getTime())
  return isTimeInputHrTime(given) ? given : undefined
}

/** Returns the time so many ms after another: what the SDK's functions for that come to, one of which makes a time for the other. */
export function timeAfter([seconds, nanos]: HrTime, millis: number): HrTime {
  const whole = seconds + Math.trunc(millis / 1000)
  const rest = nanos + Math.round((millis % 1000) * NANOS_OF_MILLI)
  return rest >= NANOS ? [whole + 1, rest - NANOS] : [whole, rest]
}

/** Whether the SDK takes a span between these times for one that ends before it starts. */
export function isBefore(end: HrTime, start: HrTime): boolean {
  return end[0] - start[0] - (end[1] < start[1] ? 1 : 0) < 0
}
