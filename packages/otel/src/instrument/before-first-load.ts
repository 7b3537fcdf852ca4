import { registerHooks } from 'node:module'

import { supportsSyncHooks } from './sync-hooks.ts'

/**
 * Calls `act` before the app loads one of Node's modules for the first time, by `import` or `require`; at once where it is
 * loaded already, or this Node.js cannot tell. `process.getBuiltinModule()` passes by.
 */
export function beforeFirstLoad(module: `node:${string}`, act: () => void): void {
  if (isLoaded(module) || !supportsSyncHooks()) return act()
  const hooks = registerHooks({
    load(url, context, nextLoad) {
      if (url === module) {
        hooks.deregister()
        act()
      }
      return nextLoad(url, context)
    },
  })
}

function isLoaded(module: `node:${string}`): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] }
  return moduleLoadList?.includes(`NativeModule ${module.slice('node:'.length)}`) ?? true
}
