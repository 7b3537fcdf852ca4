import { statSync } from 'node:fs'
import path from 'node:path'

import { nearestPackage } from '../identity/nearest-package.ts'

/** Where the app is, and what it was told. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** The app's entry file; `undefined` when it has none. */
  readonly entry: string | undefined
}

/** A configuration file, which may be one that cannot be used. */
export interface FoundFile {
  readonly path: string
  /** How messages call it: relative where it is in the working directory. */
  readonly name: string
}

export interface FileSearch {
  readonly file?: FoundFile
  readonly problems: readonly string[]
}

export const CONFIG_FILE_VARIABLE = 'MCP_OTEL_CONFIG_FILE'

const EXTENSIONS = ['json', 'ts', 'mjs', 'cjs', 'js'] as const
const NAMES = EXTENSIONS.map((extension) => `mcp.otel.${extension}`)
/** What is loaded by name alone may also have these. */
const NAMED = /\.(?:json|[mc]?[jt]s)$/

/**
 * Returns the configuration file: the one that the variable names, else `mcp.otel.json`, `.ts`, `.mjs`, `.cjs` or `.js` beside
 * the app's package.json, else `mcp.otel.json` in the working directory. Code is not taken from the working directory alone:
 * whoever starts a program there has not asked for code to run.
 */
export function findConfigFile({ env, cwd, entry }: Surroundings): FileSearch {
  const named = env[CONFIG_FILE_VARIABLE]?.trim() ?? ''
  if (named.toLowerCase() === 'none') return { problems: [] }
  if (named !== '') return namedFile(named, cwd)

  const home = appFolder(entry, cwd)
  const inHome = filesIn(home)
  const inCwd = home === cwd ? [] : filesIn(cwd)
  const [used, ...ignored] = [...inHome, ...inCwd.filter(isData)].map((file) => found(file, cwd))
  const code = inCwd.filter((file) => !isData(file)).map((file) => found(file, cwd))
  const problems = [
    ...ignored.map(
      ({ name }) => `${name} is there beside ${used?.name}; expected one configuration file; it is ignored`,
    ),
    ...code.map(
      ({ name }) =>
        `${name} is not loaded: it is in the working directory, and the app is in ${home}; put it there, or set ` +
        `${CONFIG_FILE_VARIABLE}=${name}; it is ignored`,
    ),
  ]
  return { ...(used && { file: used }), problems }
}

function namedFile(named: string, cwd: string): FileSearch {
  const file = path.resolve(cwd, named)
  const wrong = (expected: string): FileSearch => ({
    problems: [`${CONFIG_FILE_VARIABLE} is ${JSON.stringify(named)}; expected ${expected}; using no file`],
  })
  if (!NAMED.test(file)) return wrong('the path of a .json, .ts, .mjs, .cjs or .js file')
  if (!exists(file)) return wrong('the path of a file, and there is none')
  return { file: found(file, cwd), problems: [] }
}

/** The folder of the package.json that names the service, else the one of the entry. */
function appFolder(entry: string | undefined, cwd: string): string {
  const { folder } = nearestPackage(entry ?? cwd)
  return folder ?? (entry === undefined ? cwd : path.dirname(path.resolve(cwd, entry)))
}

function filesIn(folder: string): string[] {
  return NAMES.map((name) => path.join(folder, name)).filter(exists)
}

function exists(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    // What cannot even be looked at is there, and reading it says why not.
    return true
  }
}

function isData(file: string): boolean {
  return file.endsWith('.json')
}

function found(file: string, cwd: string): FoundFile {
  const relative = path.relative(cwd, file)
  return { path: file, name: relative.startsWith('..') || path.isAbsolute(relative) ? file : relative }
}
