import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

interface SyncHooks {
  readonly supportsSyncHooks: (this: void) => boolean
}

/** Before 22.22.3 and 24.11.1 any synchronous hook breaks the `require()` calls of modules that were imported. */
export function supportsSyncHooks(): boolean {
  const hooks = require('import-in-the-middle/supports-sync-hooks.mjs') as SyncHooks
  return hooks.supportsSyncHooks()
}
