import { readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'

/** What a package.json says of the app. */
export interface PackageIdentity {
  readonly name: string | undefined
  readonly version: string | undefined
  /** Where it is; `undefined` when there is none. */
  readonly folder?: string
}

/**
 * Returns name and version in the package.json nearest to a file or folder, going upwards; one without a name, as build
 * folders have it, is passed over.
 */
export function nearestPackage(from: string): PackageIdentity {
  let folder = realPath(from)
  for (;;) {
    const found = readPackage(path.join(folder, 'package.json'))
    if (found?.name !== undefined) return { ...found, folder }
    const parent = path.dirname(folder)
    if (parent === folder) return { name: undefined, version: undefined }
    folder = parent
  }
}

/** Commands are links from `.bin` into the package that they belong to. */
function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return path.resolve(file)
  }
}

function readPackage(file: string): PackageIdentity | undefined {
  try {
    const content = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown }
    return { name: textOf(content.name), version: textOf(content.version) }
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
