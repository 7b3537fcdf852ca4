import type { CheckContext, CheckFn, CheckReturn } from '../check-options.ts'

export interface WorkerCheckOptions {
  /** Handed to the module's default export; must survive structured cloning. */
  readonly data?: unknown
}

/** Runs the default export of a module, ESM or CommonJS, and sends back what it returns. */
const BOOT = `
const { parentPort, workerData } = require('node:worker_threads')
import(workerData.url).then((loaded) => {
  const check = typeof loaded.default === 'function' ? loaded.default : loaded.default?.default
  if (typeof check !== 'function') throw new TypeError('the default export of ' + workerData.url + ' is ' + typeof loaded.default + '; expected a function')
  return check(workerData.data)
}).then(
  (value) => parentPort.postMessage({ value }),
  (error) => parentPort.postMessage({ error: String(error?.message ?? error) }),
)
`

/**
 * Returns a check that runs in a thread of its own, a new one for each run: one that blocks its thread is terminated at
 * its deadline, and the event loop of the application never notices.
 */
export function workerCheck(module: URL, { data }: WorkerCheckOptions = {}): CheckFn {
  return ({ signal }: CheckContext) =>
    new Promise<CheckReturn>((resolve, reject) => {
      // Not imported: most processes have no such check.
      const { Worker } = process.getBuiltinModule('node:worker_threads')
      // Without the application's own flags: a preloaded module belongs to the application, not to the check.
      const worker = new Worker(BOOT, { eval: true, execArgv: [], workerData: { url: module.href, data } })
      worker.unref()
      const terminate = (): void => void worker.terminate()
      signal.addEventListener('abort', terminate, { once: true })
      worker.once('message', ({ value, error }: { value?: CheckReturn; error?: string }) => {
        terminate()
        if (error === undefined) resolve(value)
        else reject(new Error(error))
      })
      worker.once('error', reject)
      worker.once('exit', (code) => {
        signal.removeEventListener('abort', terminate)
        reject(new Error(`the check's thread ended with code ${code} before it had answered`))
      })
    })
}
