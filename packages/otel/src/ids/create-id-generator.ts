import type { IdGenerator } from '@opentelemetry/sdk-trace'

import { drawWord, spanIdOf, traceIdOf } from './random-ids.ts'

/** Creates what makes random ids. */
export function createIdGenerator(): IdGenerator {
  return {
    generateTraceId: () => traceIdOf(drawWord(), drawWord(), drawWord(), drawWord()),
    generateSpanId: () => spanIdOf(drawWord(), drawWord()),
  }
}
