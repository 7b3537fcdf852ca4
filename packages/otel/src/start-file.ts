import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The version of the API that is written into `start-directly.cjs`. */
declare const BUNDLED_API_VERSION: string

/**
 * Returns the file to start from: the one that has the API in it, unless the app has it loaded by now, whose tracers would
 * never hear of ours, or has another version, since all that register with the API must have the same.
 */
export function startFile(require: NodeJS.Require): string {
  try {
    const installed = require.resolve('@opentelemetry/api')
    const { version } = JSON.parse(readFileSync(path.join(installed, '../../package.json'), 'utf8')) as {
      version: string
    }
    if (version === BUNDLED_API_VERSION && !(installed in require.cache)) return './start-directly.cjs'
  } catch {
    // What is installed in another way is loaded from where it is.
  }
  return './start-with-installed-api.cjs'
}
