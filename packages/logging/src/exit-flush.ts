import { isMainThread } from 'node:worker_threads'

import { processWide } from '@mcp/otel-core'

/**
 * A listener with this property ends the process itself when it is the only one left, and is not waited for; one that `flushes`
 * takes no time for it.
 */
const SIGNAL_LISTENER = Symbol.for('@mcp/otel/signal-listener')
const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']

interface Flushers {
  readonly atExit: Set<() => void>
  readonly atSignal: Set<() => void>
  isAtExit: boolean
  isAtSignal: boolean
}

/** Runs `flush` when the process exits by itself, by `process.exit` or by an uncaught error; returns what takes it back. */
export function onExit(flush: () => void): () => void {
  const state = flushers()
  state.atExit.add(flush)
  if (!state.isAtExit) {
    state.isAtExit = true
    process.on('exit', () => run(state.atExit))
  }
  return () => {
    state.atExit.delete(flush)
  }
}

/** Runs `flush` when a signal is about to end the process; returns what takes it back. */
export function onSignal(flush: () => void): () => void {
  const state = flushers()
  state.atSignal.add(flush)
  if (!state.isAtSignal) {
    state.isAtSignal = true
    for (const signal of SIGNALS) process.on(signal, signalListener(state))
  }
  return () => {
    state.atSignal.delete(flush)
  }
}

/** Tells whether every end of this thread that code can follow is announced to it. */
export function hearsItsEnd(): boolean {
  return isMainThread && process.platform !== 'win32'
}

/** Flushes, and ends the process by the same signal, so that its exit code is the usual one, unless others listen. */
function signalListener(state: Flushers): NodeJS.SignalsListener {
  const listener: NodeJS.SignalsListener = (signal) => {
    run(state.atSignal)
    if (process.listenerCount(signal) > 1) return
    process.removeListener(signal, listener)
    process.kill(process.pid, signal)
  }
  return Object.assign(listener, { [SIGNAL_LISTENER]: 'flushes' })
}

function run(flushes: Iterable<() => void>): void {
  for (const flush of flushes) flush()
}

function flushers(): Flushers {
  return processWide<Flushers>('logging.flushers', () => ({
    atExit: new Set(),
    atSignal: new Set(),
    isAtExit: false,
    isAtSignal: false,
  }))
}
