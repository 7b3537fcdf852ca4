import type { ExportOutcome } from './test-exports.ts'

/** What the probe writes down in the process of the app. */
export interface Facts {
  readonly pid: number
  readonly node: string
  /** The entry as Node was given it; `undefined` when there is none. */
  readonly entry: string | undefined
  /** By `Date.now()`. */
  readonly startedAt: number
  /** How long nothing had been loaded when this was written, which waits for code that runs. */
  readonly quietMillis: number
  /** Whether what is loaded could be watched: a synchronous hook breaks older versions of Node. */
  readonly watchesModules: boolean
  readonly modules: readonly LoadedModule[]
  /** Version of the API that something was registered with first; `undefined` when nothing was. */
  readonly registeredApi: string | undefined
  readonly telemetry: TelemetryFacts | undefined
  readonly hooks: readonly HookFacts[]
  readonly servers: readonly ServerFacts[]
  /** Each signal's test export; `undefined` until all have ended. */
  readonly exports: readonly ExportOutcome[] | undefined
}

export interface LoadedModule {
  readonly url: string
  /** `module`, `commonjs`, `json`, … as the loader has it. */
  readonly format: string
  /** Whether it was there when the telemetry had started. */
  readonly isBefore: boolean
}

export interface TelemetryFacts {
  readonly state: string
  readonly problems: readonly string[]
  readonly url: string | undefined
  /** Whether the endpoint has opened or has failed to. */
  readonly isSettled: boolean
  readonly instrumentations: readonly string[]
  readonly seriesLimit: number
  readonly endpoint: { readonly enabled: boolean; readonly host: string; readonly port: number }
  readonly exporters: Readonly<Record<'traces' | 'metrics' | 'logs', readonly string[]>>
}

/** What is to happen to some modules of the app's once they are loaded. */
export interface HookFacts {
  readonly what: string
  readonly instead: string
  /** Their files that were loaded as ES modules before us, which no hook has seen. */
  readonly missed: readonly string[]
  /** How many of their files were loaded at all. */
  readonly loaded: number
}

export interface ServerFacts {
  readonly protocol: 'http' | 'https' | 'other'
  readonly address: string
  readonly port: number
}

/** Returns the servers of the app, without our endpoint. */
export function ownServers({ servers, telemetry }: Facts): readonly ServerFacts[] {
  return servers.filter(({ port }) => telemetry?.url?.endsWith(`:${port}`) !== true)
}
