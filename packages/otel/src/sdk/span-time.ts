import type { HrTime, TimeInput } from '@opentelemetry/api'

import { sdkPackages } from '../sdk-packages.ts'

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
