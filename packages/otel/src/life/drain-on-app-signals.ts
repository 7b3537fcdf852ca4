import { SIGNAL_LISTENER } from '@mcp/otel-health'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
type Signal = (typeof SIGNALS)[number]

/**
 * Calls `drain` as soon as a signal comes that the app handles itself, before the app's handlers run. While the app listens to
 * none, neither does this: a listener takes the signal's own effect away, also from an app that is busy. Returns what stops it.
 */
export function drainOnAppSignals(drain: () => void): () => void {
  const stops = SIGNALS.map((signal) => watch(signal, drain))
  return () => {
    for (const stop of stops) stop()
  }
}

function watch(signal: Signal, drain: () => void): () => void {
  /** Gone before the app's handlers look at who else listens. */
  const onSignal = Object.assign(
    () => {
      stop()
      drain()
    },
    { [SIGNAL_LISTENER]: true },
  )
  const disarm = (): void => void process.removeListener(signal, onSignal)
  const arm = (): void => {
    disarm()
    process.prependListener(signal, onSignal)
  }
  const onAdded = (event: string | symbol, listener: object): void => {
    if (event === signal && isOfApp(listener)) arm()
  }
  const onRemoved = (event: string | symbol, listener: object): void => {
    if (event === signal && isOfApp(listener) && !process.listeners(signal).some(isOfApp)) disarm()
  }
  const stop = (): void => {
    process.removeListener('newListener', onAdded)
    process.removeListener('removeListener', onRemoved)
    disarm()
  }
  process.on('newListener', onAdded)
  process.on('removeListener', onRemoved)
  if (process.listeners(signal).some(isOfApp)) arm()
  return stop
}

/** Listeners that end the process by themselves are ours. */
function isOfApp(listener: object): boolean {
  return !(SIGNAL_LISTENER in listener)
}
