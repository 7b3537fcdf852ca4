import { SpanKind } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

import { createOwnTelemetry } from '../../../plugin-instrumentation/test/support/telemetry.ts'
import type { OwnTelemetry } from '../../../plugin-instrumentation/test/support/telemetry.ts'

export { registerContext } from '../../../plugin-instrumentation/test/support/telemetry.ts'

/** The project's own meters and the official tracers, of one test's own. */
export interface TestTelemetry extends OwnTelemetry {
  /** Spans of one side, by name. */
  readonly spansOf: (side: 'server' | 'client', name: string) => ReadableSpan[]
}

export function createTestTelemetry(): TestTelemetry {
  const telemetry = createOwnTelemetry()
  return {
    ...telemetry,
    spansOf: (side, name) =>
      telemetry
        .spans()
        .filter((span) => span.name === name && span.kind === (side === 'server' ? SpanKind.SERVER : SpanKind.CLIENT)),
  }
}
