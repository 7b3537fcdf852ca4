import { createErrorInstruments, errorType } from '@mcp/otel-core'

/**
 * Counts each error that nothing caught, rejections included, as `mcp_errors_total{source="process"}`; what happens to
 * the process stays as it is. `onCrash` is told as well. Returns what stops it.
 */
export function observeCrashes(onCrash: (error: unknown) => void): () => void {
  const { errors } = createErrorInstruments()
  const onUncaught = (error: unknown): void => {
    try {
      errors.add(1, { source: 'process', type: errorType(error) })
      onCrash(error)
    } catch {
      // The process is about to end for the app's own reason, which must be the one that is seen.
    }
  }
  process.on('uncaughtExceptionMonitor', onUncaught)
  return () => void process.removeListener('uncaughtExceptionMonitor', onUncaught)
}
