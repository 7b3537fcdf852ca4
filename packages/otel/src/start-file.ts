import { readFileSync, realpathSync } from 'node:fs'
import type * as Module from 'node:module'
import path from 'node:path'

import { declaredFile } from './sdk/declared-file.ts'

/** The version of the API that is written into `start-directly.cjs`. */
declare const BUNDLED_API_VERSION: string

/** Returns the file to start from: the one that has the API in it, unless the installed one has to be used. */
export function startFile(require: NodeJS.Require, env: NodeJS.ProcessEnv): string {
  // Packages of the SDK that a file declares use what is installed, and are to have their diagnostics in common with us.
  const isInside = declaredFile(env) === undefined && isInterchangeable(require)
  return isInside ? './start-directly.cjs' : './start-with-installed-api.cjs'
}

/** Whoever has loaded the API has tracers that no other copy tells of ours, and all that register must be of one version. */
function isInterchangeable(require: NodeJS.Require): boolean {
  try {
    // To resolve it as `require` does takes several times as long. Not imported: an older Node.js would load nothing at all.
    const { findPackageJSON } = require('node:module') as typeof Module
    const installed = findPackageJSON('@opentelemetry/api', import.meta.url)
    if (installed === undefined) return false
    const { version } = JSON.parse(readFileSync(installed, 'utf8')) as { version: string }
    const folders = [installed, realpathSync(installed)].map((file) => path.join(file, '..', path.sep))
    const isLoaded = Object.keys(require.cache).some((file) => folders.some((folder) => file.startsWith(folder)))
    return version === BUNDLED_API_VERSION && !isLoaded
  } catch {
    // It is installed in a way of its own.
    return false
  }
}
