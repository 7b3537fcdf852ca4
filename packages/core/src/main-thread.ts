/** What of threads Node has loaded in its main thread, too. */
const IN_EVERY_THREAD = new Set(['NativeModule internal/worker/js_transferable', 'Internal Binding worker'])

/** Tells whether this is the main thread. Only where Node has loaded anything else of threads is it asked, by a module that brings all of them. */
export function isMainThread(): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] }
  const isSure = moduleLoadList?.every((name) => !name.includes('worker') || IN_EVERY_THREAD.has(name)) ?? false
  return isSure || process.getBuiltinModule('node:worker_threads').isMainThread
}
