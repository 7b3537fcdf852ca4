/** What is registered with the API before we are: by the app's own SDK, by another distribution. */
export interface ForeignSdk {
  /** Version of the API that it was registered with; `undefined` when there is nothing. */
  readonly apiVersion?: string
  readonly diag?: unknown
  readonly metrics?: unknown
  readonly trace?: unknown
  readonly logs?: unknown
  readonly context?: unknown
  readonly propagation?: unknown
}

const API_GLOBAL = Symbol.for('opentelemetry.js.api.1')

/** Returns what is registered now, part by part. */
export function findForeignSdk(): ForeignSdk {
  const api = (globalThis as { [API_GLOBAL]?: Record<string, unknown> })[API_GLOBAL]
  return api === undefined ? {} : { ...api, apiVersion: String(api['version']) }
}
