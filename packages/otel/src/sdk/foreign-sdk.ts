/** What is registered with the API before we are: by the app's own SDK, by another distribution. */
export interface ForeignSdk {
  readonly diag: boolean
  readonly metrics: boolean
  readonly traces: boolean
  readonly logs: boolean
  readonly context: boolean
  readonly propagation: boolean
}

const API_GLOBAL = Symbol.for('opentelemetry.js.api.1')

/** Returns which parts of an SDK are registered already. */
export function findForeignSdk(): ForeignSdk {
  const api = (globalThis as Record<symbol, Record<string, unknown> | undefined>)[API_GLOBAL] ?? {}
  return {
    diag: api['diag'] !== undefined,
    metrics: api['metrics'] !== undefined,
    traces: api['trace'] !== undefined,
    logs: api['logs'] !== undefined,
    context: api['context'] !== undefined,
    propagation: api['propagation'] !== undefined,
  }
}

/** Version of the API that whoever came first has registered with; `undefined` when nobody has. */
export function registeredApiVersion(): string | undefined {
  const version = (globalThis as Record<symbol, { version?: unknown } | undefined>)[API_GLOBAL]?.version
  return typeof version === 'string' ? version : undefined
}
