import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { getCallSites } from 'node:util'

import { processWide } from '@mcp/otel-core'

const DEPTH = 12
/** The innermost package of a path, if it is in one that was installed. */
const PACKAGE = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/

/**
 * Whether the code that called into a library is the app's own: many libraries have such queues inside, for purposes that
 * are nobody else's business.
 */
export function isCalledByApp(library: RegExp): boolean {
  const [own, ...sites] = getCallSites(DEPTH).map(({ scriptName }) => pathOf(scriptName))
  const ours = (own ?? '').replace(/[^\\/]*$/, '')
  const caller = sites.find((file) => !file.startsWith(ours) && !file.startsWith('node:') && !library.test(file))
  const home = caller === undefined ? undefined : PACKAGE.exec(caller)?.[0]
  return home === undefined || home === processWide('main-package', mainPackage).root
}

/** A program that is installed as a package itself is an app all the same. */
function mainPackage(): { readonly root: string | undefined } {
  try {
    return { root: PACKAGE.exec(realpathSync(process.argv[1] ?? ''))?.[0] }
  } catch {
    return { root: undefined }
  }
}

function pathOf(script: string): string {
  return script.startsWith('file:') ? fileURLToPath(script) : script
}
