import { existsSync } from 'node:fs'
import type * as Inspector from 'node:inspector'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'

const require = createRequire(import.meta.url)

/** Modules of the app's that have to be seen when they are loaded. */
export interface WatchedModules {
  /** Their files, as paths and as URLs have them. */
  readonly files: RegExp
  /** The packages that they belong to. */
  readonly packages: readonly string[]
  /** What they are, and what to do where they were not seen. */
  readonly what: string
  readonly instead: string
}

/** Says of such modules that they were loaded too early. */
export function warnOfLoadedBefore({ instead, what }: Pick<WatchedModules, 'what' | 'instead'>): void {
  diag.warn(
    `loaded before @mcp/otel, and so not observed by themselves: ${what}; have @mcp/otel/register, or the file that calls ` +
      `start(), loaded by node --import, or ${instead}`,
  )
}

/**
 * Names what ES modules of the app have imported before `start()`, which one of them calls: all that a module imports is
 * there before its first line runs. Never throws.
 */
export function warnOfImportedBefore(watched: readonly WatchedModules[]): void {
  try {
    const caller = callingEsModule()
    if (caller === undefined) return
    const { resolve } = createRequire(caller)
    const isInstalled = (name: string): boolean =>
      resolve.paths(name)?.some((folder) => existsSync(path.join(folder, name))) === true
    const candidates = watched.filter(({ packages }) => packages.some(isInstalled))
    if (candidates.length === 0) return
    const imported = esModules()
    for (const each of candidates) if (imported.some((url) => each.files.test(url))) warnOfLoadedBefore(each)
  } catch (error) {
    diag.debug(`what was imported before is not known: ${reasonOf(error)}`)
  }
}

/** Returns what `require` has loaded of a package by now: a file of it. */
export function findRequired(name: string): string | undefined {
  const within = `${path.sep}node_modules${path.sep}${name.replaceAll('/', path.sep)}${path.sep}`
  return Object.keys(require.cache).find((file) => file.includes(within))
}

/** ES modules stand on the stack as URLs, CommonJS modules as paths. */
function callingEsModule(): string | undefined {
  const own = new URL('.', import.meta.url).href
  return scriptsOnStack().find((name) => name.startsWith('file:') && !name.startsWith(own))
}

/**
 * Returns the scripts of the functions that run, innermost first. `getCallSites()` would tell lines and columns, too, for which V8
 * looks through these scripts from their beginning.
 */
function scriptsOnStack(): string[] {
  const { stackTraceLimit } = Error
  const ofApp = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  try {
    Error.stackTraceLimit = 100
    Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getScriptNameOrSourceURL() ?? '')
    return new Error('only its stack is looked at').stack as unknown as string[]
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    if (ofApp === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
    else Object.defineProperty(Error, 'prepareStackTrace', ofApp)
  }
}

/**
 * Node.js tells what `require` has loaded, and what `import` has only to its inspector. The profiler is asked, since V8 inlines no
 * `then` of a promise any more, for as long as the process lives, once its debugger has been enabled.
 */
function esModules(): string[] {
  const { Session } = require('node:inspector') as typeof Inspector
  const session = new Session()
  const urls: string[] = []
  session.connect()
  try {
    session.post('Profiler.enable')
    session.post('Profiler.getBestEffortCoverage', (_error, { result }) => {
      for (const { url } of result) urls.push(url)
    })
  } finally {
    session.disconnect()
  }
  return urls.filter((url) => url.startsWith('file:') && require.cache[fileURLToPath(url)] === undefined)
}
