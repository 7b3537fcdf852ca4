import { ENDS_BY_SIGNAL, SIGNAL_LISTENER } from '@mcp/otel-health'
import { diag } from '@opentelemetry/api'

import type { Flush } from './create-flush.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
type Signal = (typeof SIGNALS)[number]

/** How often pending data is sent while an app drains, and for how long its signals are left alone. */
const DRAIN_FLUSH_MILLIS = 250
const DRAIN_MILLIS = 30_000

/** An app may go on working each time its loop has run empty; what is not delivered in time is not waited for again. */
const MOST_ROUNDS = 100

/**
 * Sends what is pending when the process comes to its end, and changes nothing about that end: an app's own signal
 * handlers decide when it exits, one without them ends by the signal itself, exit codes stay as they are. Returns what
 * takes the policy back.
 */
export function installExitPolicy(flush: Flush): () => void {
  if (!flush.exports) return () => {}
  let rearm: NodeJS.Timeout | undefined
  let drain: NodeJS.Timeout | undefined
  let rounds = 0
  let hasSentMetrics = false
  const listeners = new Map(SIGNALS.map((signal) => [signal, asPassive(() => onSignal(signal))] as const))

  const arm = (): void => {
    for (const [signal, listener] of listeners) process.prependListener(signal, listener)
  }
  const disarm = (): void => {
    for (const [signal, listener] of listeners) process.removeListener(signal, listener)
  }
  const stopDraining = (): void => {
    clearInterval(drain)
    clearTimeout(rearm)
  }

  /** Ours is called first and is gone before the app's look at who else listens; a second signal meets the app alone. */
  const onSignal = (signal: Signal): void => {
    const others = process.listeners(signal).filter((listener) => listener !== listeners.get(signal))
    const deciding = others.filter(takesItsTime)
    if (deciding.length > 0) {
      diag.debug(`${signal}: the app handles it; sending what is pending while it drains`)
      stopDraining()
      void flush.all({ holds: false })
      drain = setInterval(() => void flush.records({ holds: false }), DRAIN_FLUSH_MILLIS).unref()
      // The same signal comes again at the end of such a drain, and has us send what was recorded last.
      if (deciding.every((listener) => ENDS_BY_SIGNAL in listener)) return
      disarm()
      rearm = setTimeout(() => {
        stopDraining()
        arm()
      }, DRAIN_MILLIS).unref()
      return
    }
    disarm()
    diag.debug(`${signal}: sending what is pending, then ending by it`)
    flush.hurry()
    void endBy(signal)
  }

  /** Whoever only flushes ends the process at once, unless somebody else listens; a second signal does not wait for us. */
  const endBy = async (signal: Signal): Promise<void> => {
    const end = asPassive(() => {
      process.removeListener(signal, end)
      process.kill(process.pid, signal)
    })
    if (process.listenerCount(signal) > 0) process.on(signal, end)
    if (!(await flush.all())) flush.sayLost()
    end()
  }

  /** Node emits this each time the loop has run empty: metrics go once, records as long as there are any. */
  const onBeforeExit = (): void => {
    if (rounds++ >= MOST_ROUNDS) return
    flush.hurry()
    void flushRound(rounds === 1)
  }

  const flushRound = async (isFirst: boolean): Promise<void> => {
    const isDelivered = await (isFirst ? flush.all() : flush.records())
    hasSentMetrics = true
    if (isDelivered || rounds >= MOST_ROUNDS) return
    rounds = MOST_ROUNDS
    flush.sayLost()
  }

  /**
   * After `process.exit()`, also in the middle of a flush, and after an error; an end by itself has sent all but what was
   * recorded since.
   */
  const onExit = (): void => {
    if (rounds < MOST_ROUNDS) flush.lastWords(!hasSentMetrics)
  }

  arm()
  process.on('beforeExit', onBeforeExit)
  process.on('exit', onExit)
  return () => {
    disarm()
    stopDraining()
    process.removeListener('beforeExit', onBeforeExit)
    process.removeListener('exit', onExit)
  }
}

/** Whether a listener decides when the process ends; one that only flushes does not. */
function takesItsTime(listener: object): boolean {
  return !(SIGNAL_LISTENER in listener) || listener[SIGNAL_LISTENER] !== 'flushes'
}

/** Marks a listener as one that ends the process by itself, so that a drain of ours does not wait for it. */
function asPassive(listener: () => void): () => void {
  return Object.assign(listener, { [SIGNAL_LISTENER]: true })
}
