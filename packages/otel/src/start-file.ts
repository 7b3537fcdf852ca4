import { readFileSync } from 'node:fs'
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
    const installed = require.resolve('@opentelemetry/api')
    const { version } = JSON.parse(readFileSync(path.join(installed, '../../package.json'), 'utf8')) as {
      version: string
    }
    return version === BUNDLED_API_VERSION && !(installed in require.cache)
  } catch {
    // It is installed in a way of its own.
    return false
  }
}
