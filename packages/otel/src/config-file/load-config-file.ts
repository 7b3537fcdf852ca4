import { createRequire } from 'node:module'
import { isPromise } from 'node:util/types'

import type { FileSettings } from '@mcp/otel-core'

import { reasonOf } from '../diagnostics/diag-text.ts'
import { CODE_OPTIONS } from '../options.ts'
import { findConfigFile, type FoundFile, type Surroundings } from './find-config-file.ts'
import { jsonMistake } from './json-mistake.ts'
import { readBounded } from './read-bounded.ts'

const require = createRequire(import.meta.url)

/** The app's configuration file, as far as it could be read. */
export interface ConfigFile {
  /** Its full path; `undefined` when there is none. */
  readonly path?: string
  /** What it holds; `undefined` when it cannot be used. */
  readonly settings?: FileSettings
  /** One sentence for each thing that is wrong with the file as such. */
  readonly problems: readonly string[]
}

/** Finds and loads the configuration file, at once; never throws. */
export function loadConfigFile(surroundings: Surroundings): ConfigFile {
  const { file, problems } = findConfigFile(surroundings)
  if (file === undefined) return { problems }
  try {
    return { path: file.path, settings: load(file), problems }
  } catch (error) {
    const reason = `${file.name} cannot be used: ${loadingReason(error, file.path)}; correct it; using no file`
    return { path: file.path, problems: [...problems, reason] }
  }
}

function load({ path, name }: FoundFile): FileSettings {
  const text = readBounded(path)
  if (path.endsWith('.json')) return { name, options: settingsObject(fromJson(text)) }
  // Without it an older Node.js reads the file as JavaScript, and blames the first type.
  if (/\.[cm]?ts$/.test(path) && !process.features.typescript) throw new Error(NO_TYPESCRIPT)
  return { name, options: settingsObject(fromModule(path)), otherOptions: CODE_OPTIONS }
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(jsonMistake(text))
  }
}

/** A module's default export; what a CommonJS module exports as a whole is that, too. */
function fromModule(path: string): unknown {
  const loaded: unknown = require(path)
  const hasDefault = typeof loaded === 'object' && loaded !== null && 'default' in loaded
  if (hasDefault) return loaded.default
  if (isNamespace(loaded)) throw new Error('it has no default export')
  return loaded
}

function isNamespace(loaded: unknown): boolean {
  return Object.prototype.toString.call(loaded) === '[object Module]'
}

function settingsObject(value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isPromise(value)) return value
  const what = isPromise(value) ? 'a promise' : Array.isArray(value) ? 'an array' : describe(value)
  throw new Error(`it holds ${what}; expected an object`)
}

function describe(value: unknown): string {
  return value === null || value === undefined ? String(value) : `a ${typeof value}`
}

const NO_TYPESCRIPT =
  'this Node.js does not load TypeScript by itself; use Node.js 22.18 or later, or write it as .mjs or .json'

const IN_OTHER_WORDS: Readonly<Record<string, string>> = {
  ERR_REQUIRE_ASYNC_MODULE: 'it awaits something at its top level, and the start of the app cannot wait',
  EACCES: 'this user may not read it',
}

function loadingReason(error: unknown, file: string): string {
  const { code, stack } = (error ?? {}) as { readonly code?: unknown; readonly stack?: unknown }
  const reason = IN_OTHER_WORDS[String(code)] ?? reasonOf(error)
  const first = reason.split(/\r?\n/).find((line) => line.trim() !== '') ?? 'it says nothing'
  const [, line] =
    String(stack)
      .split(`${file}:`)
      .at(1)
      ?.match(/^(\d+)/) ?? []
  return line === undefined ? first.trim() : `line ${line}: ${first.trim()}`
}
