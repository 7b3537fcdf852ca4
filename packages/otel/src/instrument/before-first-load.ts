import { registerHooks } from 'node:module'

import { supportsSyncHooks } from './sync-hooks.ts'

type GetModule = (this: void, id: string) => object | undefined

/**
 * Calls `act` before the app gets one of Node's modules for the first time, by `import`, `require` or
 * `process.getBuiltinModule`; at once where it is loaded already, or this Node.js cannot tell.
 */
export function beforeFirstLoad(module: `node:${string}`, act: () => void): void {
  if (isLoaded(module) || !supportsSyncHooks()) return act()
  const host: { getBuiltinModule: GetModule } = process
  const original = host.getBuiltinModule
  let isAwaited = true
  const beforeLoad = (asked: string): void => {
    if (!isAwaited || (asked !== module && `node:${asked}` !== module)) return
    isAwaited = false
    hooks.deregister()
    if (host.getBuiltinModule === getBuiltinModule) host.getBuiltinModule = original
    act()
  }
  const hooks = registerHooks({
    load(url, context, nextLoad) {
      beforeLoad(url)
      return nextLoad(url, context)
    },
  })
  // No hook is told of what is got this way.
  const getBuiltinModule: GetModule = (id) => {
    beforeLoad(id)
    return original(id)
  }
  host.getBuiltinModule = getBuiltinModule
}

function isLoaded(module: `node:${string}`): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] }
  return moduleLoadList?.includes(`NativeModule ${module.slice('node:'.length)}`) ?? true
}
