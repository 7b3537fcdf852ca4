import type { Catalogue } from './catalogue.ts'

/** Errors of every source in one counter; instrumentations create it under the scope `ERROR_SCOPE`, so that they share it. */
export const errorInstruments = {
  errors: {
    kind: 'counter',
    name: 'mcp.errors',
    unit: '{error}',
    help: 'Total number of errors by where they arose and their class',
    attributes: { source: ['http', 'plugin', 'queue', 'protocol', 'process'], type: 'string' },
  },
} as const satisfies Catalogue

/** Instrumentation scope of `errorInstruments`. */
export const ERROR_SCOPE = '@mcp/otel-core'
