// Loaded into the app before all else, by a stub that the doctor writes. It watches and changes nothing: none of our own
// packages and no API may be loaded from here before the app does it.
import diagnosticsChannel from 'node:diagnostics_channel'
import { renameSync, writeFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import type { Server } from 'node:net'
import path from 'node:path'
import { isMainThread } from 'node:worker_threads'

import { supportsSyncHooks } from '../instrument/sync-hooks.ts'
import type { Facts, HookFacts, LoadedModule, ServerFacts } from './facts.ts'
import type * as TestExports from './test-exports.ts'

const require = createRequire(import.meta.url)

const HEARTBEAT_MILLIS = 200

interface RunningTelemetry {
  readonly state: string
  readonly problems: readonly string[]
  readonly config: Parameters<typeof TestExports.testExports>[0]
  readonly endpoint: { readonly url: string | undefined; readonly ready: Promise<unknown> }
}

interface Observed {
  readonly names?: readonly string[]
  readonly modules?: readonly string[]
  readonly hooks?: Readonly<Record<string, { readonly files: RegExp; readonly what: string; readonly instead: string }>>
}

/** Writes into `folder` what becomes of this process, whenever there is news. */
export function observe(folder: string): void {
  if (!isMainThread) return
  const modules: { url: string; format: string; isBefore: boolean }[] = []
  const servers: ServerFacts[] = []
  const startedAt = Date.now()
  let lastLoadAt = startedAt
  let telemetry: RunningTelemetry | undefined
  let isSettled = false
  let exports: Facts['exports']
  /** What is loaded for the doctor's own sake is none of the app's. */
  let isOurs = false

  const watchesModules = watchModules((url, format) => {
    if (isOurs) return
    lastLoadAt = Date.now()
    modules.push({ url, format, isBefore: telemetry === undefined })
  })

  const file = path.join(folder, `${process.pid}.json`)
  const write = (): void => {
    const facts: Facts = {
      pid: process.pid,
      node: process.version,
      entry: process.argv[1],
      startedAt,
      quietMillis: Date.now() - lastLoadAt,
      watchesModules,
      modules,
      registeredApi: (globalOf('opentelemetry.js.api.1') as { version?: string } | undefined)?.version,
      telemetry: telemetry && {
        state: telemetry.state,
        problems: telemetry.problems,
        url: telemetry.endpoint.url,
        isSettled,
        instrumentations: observed().names ?? [],
        seriesLimit: telemetry.config.metrics.seriesLimit,
        endpoint: {
          enabled: telemetry.config.endpoint.enabled,
          host: telemetry.config.endpoint.host,
          port: telemetry.config.endpoint.port,
        },
        exporters: {
          traces: telemetry.config.traces.exporters,
          metrics: telemetry.config.metrics.exporters,
          logs: telemetry.config.logs.exporters,
        },
      },
      hooks: telemetry === undefined ? [] : hooksOf(observed(), modules),
      servers,
      exports,
    }
    try {
      writeFileSync(`${file}.new`, JSON.stringify(facts))
      renameSync(`${file}.new`, file)
    } catch {
      // The doctor has gone.
    }
  }

  const onTelemetry = async (running: RunningTelemetry): Promise<void> => {
    await running.endpoint.ready
    isSettled = true
    write()
    if (running.state !== 'running') return
    isOurs = true
    const { testExports } = require('./doctor-exports.cjs') as typeof TestExports
    const outcome = testExports(running.config)
    isOurs = false
    exports = await outcome
    write()
  }
  onStart((running) => {
    telemetry = running
    void onTelemetry(running).catch(() => {})
  })
  diagnosticsChannel.subscribe('tracing:net.server.listen:asyncEnd', (message) => {
    const server = (message as { readonly server: Server }).server
    const address = server.address()
    if (address === null || typeof address === 'string') return
    servers.push({ protocol: protocolOf(server), address: address.address, port: address.port })
    write()
  })
  setInterval(write, HEARTBEAT_MILLIS).unref()
  process.on('exit', write)
  write()
}

function watchModules(onLoad: (url: string, format: string) => void): boolean {
  if (!supportsSyncHooks()) return false
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (url.startsWith('file:')) onLoad(url, loaded.format ?? 'unknown')
      return loaded
    },
  })
  return true
}

function globalOf(name: string): unknown {
  return (globalThis as Record<symbol, unknown>)[Symbol.for(name)]
}

function observed(): Observed {
  return (globalOf('@mcp/otel/observed') as Observed | undefined) ?? {}
}

/** Our packages keep the running telemetry in an object of the process, which is put there before they are loaded. */
function onStart(started: (telemetry: RunningTelemetry) => void): void {
  let current: RunningTelemetry | undefined
  const holder = {
    get telemetry() {
      return current
    },
    set telemetry(value) {
      const isFirst = current === undefined && value !== undefined
      current = value
      if (isFirst && value !== undefined) started(value)
    },
  }
  Object.defineProperty(globalThis, Symbol.for('@mcp/otel/telemetry'), {
    value: holder,
    writable: true,
    configurable: true,
  })
}

function hooksOf({ hooks = {}, modules: brought = [] }: Observed, modules: readonly LoadedModule[]): HookFacts[] {
  const ours = Object.values(hooks)
  const theirs = brought.map((name) => ({
    files: new RegExp(String.raw`[\\/]node_modules[\\/]${name.replaceAll(/[^\w@/-]/g, String.raw`\$&`)}[\\/]`),
    what: name,
    instead: 'start @mcp/otel before the app loads it',
  }))
  return [
    ...ours.map((hook) => ({ ...hook, isOurs: true })),
    ...theirs.map((hook) => ({ ...hook, isOurs: false })),
  ].map(({ files, instead, isOurs, what }) => {
    const loaded = modules.filter(({ url }) => files.test(url))
    // Ours also find what `require` has loaded before them; those that patch modules do not.
    const missed = loaded.filter(({ format, isBefore }) => isBefore && (format === 'module' || !isOurs))
    return { what, instead, missed: missed.map(({ url }) => url), loaded: loaded.length }
  })
}

function protocolOf(server: object): ServerFacts['protocol'] {
  if (!('requestTimeout' in server)) return 'other'
  return 'setSecureContext' in server ? 'https' : 'http'
}
