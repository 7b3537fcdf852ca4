import { createHistogram, performance } from 'node:perf_hooks'

import { processWide } from './process-wide.ts'

/** How late timers have fired, s. */
export interface EventLoopDelay {
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** What one reader sees of the delay of the event loop, whatever others read. */
export interface EventLoopDelayWindow {
  /** Samples since the window was opened or emptied: one for each 20 ms, more or less. */
  readonly count: number
  /** Returns the delay since the window was opened or emptied; undefined before the first sample. */
  read(): EventLoopDelay | undefined
  /** Empties the window. */
  reset(): void
  /** Ends the window; without any, nothing is sampled. */
  close(): void
}

interface EventLoopSampler {
  open(): EventLoopDelayWindow
}

/** How late a timer of so many ms fires is what is sampled; what holds the loop up for longer is never missed. */
const RESOLUTION = 20
/** A delay of more than an hour, µs, counts as one of an hour. */
const LONGEST = 3.6e9

/** Opens a window on the delay of this process's event loop, which is sampled once for all windows. */
export function openEventLoopDelay(): EventLoopDelayWindow {
  return processWide<EventLoopSampler>('event-loop-delay.v1', createSampler).open()
}

/**
 * Samples without waking an idle process. While the loop waits, nothing is late, so that it is enough to look when a turn has
 * ended the wait: that is when an immediate runs that is not referenced. Where turns follow each other closely, a timer is
 * looked at in place of each turn.
 */
function createSampler(): EventLoopSampler {
  const histograms = new Set<DelayHistogram>()
  let at = 0
  let idleTime = 0
  let turn: NodeJS.Immediate | undefined
  let timer: NodeJS.Timeout | undefined

  const mark = (): void => {
    at = performance.now()
    ;({ idleTime } = performance.nodeTiming)
  }
  const isRecent = (): boolean => performance.now() - at < RESOLUTION
  const add = (onTime: number, lateMillis: number): void => {
    for (const histogram of histograms) histogram.add(onTime, lateMillis)
  }
  /** Timers that were due during the wait fired in time; one that was due at its end was late for what the turn took. */
  const addTurn = (): void => {
    const waited = performance.nodeTiming.idleTime - idleTime
    add(Math.floor(waited / RESOLUTION), performance.now() - at - waited)
  }

  const awaitTurn = (): void => {
    mark()
    turn = setImmediate(onTurn).unref()
  }
  const onTurn = (): void => {
    turn = undefined
    if (isRecent()) {
      mark()
      timer = setTimeout(onTimer, RESOLUTION).unref()
    } else {
      addTurn()
      awaitTurn()
    }
  }
  const onTimer = (): void => {
    add(0, performance.now() - at - RESOLUTION)
    awaitTurn()
  }

  /** A reader sees the wait that has just ended, and what its own turn has taken so far. */
  const settle = (): void => {
    if (turn === undefined || isRecent()) return
    addTurn()
    mark()
  }

  return {
    open() {
      const histogram = new DelayHistogram()
      histograms.add(histogram)
      if (histograms.size === 1) awaitTurn()
      return {
        get count() {
          settle()
          return histogram.count
        },
        read() {
          settle()
          return histogram.read()
        },
        reset() {
          settle()
          histogram.reset()
        },
        close() {
          if (!histograms.delete(histogram) || histograms.size > 0) return
          clearImmediate(turn)
          clearTimeout(timer)
        },
      }
    },
  }
}

/** Most samples of most processes are on time: they are only counted. */
class DelayHistogram {
  readonly #late = createHistogram({ lowest: 1, highest: LONGEST, figures: 2 })
  #onTime = 0

  get count(): number {
    return this.#onTime + this.#late.count
  }

  add(onTime: number, lateMillis: number): void {
    this.#onTime += onTime
    const micros = Math.round(lateMillis * 1000)
    if (micros < 1) this.#onTime += 1
    else this.#late.record(Math.min(micros, LONGEST))
  }

  read(): EventLoopDelay | undefined {
    const { count } = this
    const late = this.#late
    if (count === 0) return undefined
    if (late.count === 0) return { mean: 0, p50: 0, p99: 0, max: 0 }
    const quantile = (share: number): number => {
      const shareOfLate = (share * count - this.#onTime) / late.count
      return shareOfLate > 0 ? late.percentile(shareOfLate * 100) / 1e6 : 0
    }
    return {
      mean: (late.mean * late.count) / count / 1e6,
      p50: quantile(0.5),
      p99: quantile(0.99),
      max: late.max / 1e6,
    }
  }

  reset(): void {
    this.#late.reset()
    this.#onTime = 0
  }
}
