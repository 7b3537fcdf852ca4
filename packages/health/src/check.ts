import type { CheckContext, CheckFn, CheckResult, CheckReturn, ResolvedCheckOptions } from './check-options.ts'
import { createHysteresis } from './hysteresis.ts'
import { micro } from './rounding.ts'
import { scrubError, scrubText, scrubValue } from './scrub.ts'
import type { HealthStatus } from './status.ts'
import { untraced } from './untraced.ts'

/** Runs that ended by their deadline and never settled: with so many left over, no further one is started. */
const MAX_ABANDONED = 8

/** A check that keeps the event loop beyond its deadline cannot be interrupted, only rested: so many times as long as it took. */
const REST = 100
/** Longest rest, ms. */
const MAX_REST = 3_600_000

/** One finished run of a check. */
interface CheckRun {
  /** What this run found, before hysteresis. */
  readonly result: CheckResult
  /** Of the run, seconds; the deadline for one that passed it. */
  readonly duration: number
  /** `performance.now()` at its end. */
  readonly endedAt: number
  readonly timedOut: boolean
  /** Seconds for which the call itself, before its first await, kept the event loop. */
  readonly blocked: number
}

/** What a check stands at. */
interface CheckState {
  /** The state after hysteresis. */
  readonly status: HealthStatus
  readonly last: CheckRun
  /** Unix time of the last healthy result, ms; undefined when there was none. */
  readonly lastHealthyAt: number | undefined
  /** Results in a row that were not healthy. */
  readonly consecutiveFailures: number
}

export interface CheckEvents {
  /** After each run, with the state it led to and the one before. */
  onRun(check: Check, state: CheckState, previous: HealthStatus | undefined): void
}

export interface Check {
  readonly name: string
  readonly options: ResolvedCheckOptions
  /** The state of the last run; undefined before the first one has ended. */
  readonly state: CheckState | undefined
  /** Returns a state no older than `ttl`, from a run shared with everybody else who asks. Never rejects, never takes longer than `timeout`. */
  current(): CheckState | Promise<CheckState>
  /** Runs it now unless it is running, without anybody waiting. */
  refresh(): void
  /** Stops the background refresh, and aborts a run in flight. */
  stop(): void
}

interface Flight {
  readonly done: Promise<CheckState>
  readonly deadline: NodeJS.Timeout
  readonly controller: AbortController
}

/** Creates a check and starts its background refresh, the first in the next turn; its timers do not keep the process alive. */
export function createCheck(
  name: string,
  fn: CheckFn,
  options: ResolvedCheckOptions,
  context: Omit<CheckContext, 'signal'>,
  events: CheckEvents,
): Check {
  const hysteresis = createHysteresis(options)
  let state: CheckState | undefined
  let flight: Flight | undefined
  let abandoned = 0
  /** `performance.now()` before which it is not run. */
  let restsUntil = 0
  let lastHealthyAt: number | undefined
  let consecutiveFailures = 0

  const check: Check = {
    name,
    options,
    get state() {
      return state
    },
    current() {
      if (flight === undefined && state !== undefined) {
        const now = performance.now()
        if (now - state.last.endedAt < options.ttl || now < restsUntil) return state
      }
      flight ??= start()
      // Somebody waits now: a process with nothing else to do must not exit before the answer.
      flight.deadline.ref()
      return flight.done
    },
    refresh() {
      if (flight === undefined && performance.now() >= restsUntil) flight = start()
    },
    stop() {
      clearImmediate(first)
      clearInterval(timer)
      flight?.controller.abort(new Error('health check stopped'))
    },
  }

  const isInBackground = options.interval > 0
  const timer = isInBackground ? setInterval(() => check.refresh(), options.interval).unref() : undefined
  // Whoever reads the page need not wait for the first interval, nor for somebody to ask.
  const first = isInBackground ? setImmediate(() => void (state ?? check.refresh())).unref() : undefined
  return check

  function start(): Flight {
    const controller = new AbortController()
    let finish!: (state: CheckState) => void
    const done = new Promise<CheckState>((resolve) => (finish = resolve))
    let calledAt = performance.now()
    let ended = false
    let blocked = 0
    const end = (result: CheckResult, timedOut: boolean): void => {
      if (ended) return
      ended = true
      clearTimeout(deadline)
      flight = undefined
      const endedAt = performance.now()
      const tooLong = blocked * 1000 > options.timeout
      const rest = tooLong ? Math.min(MAX_REST, blocked * 1000 * REST) : 0
      restsUntil = endedAt + rest
      const found: CheckResult = tooLong
        ? {
            status: 'unhealthy',
            message: `kept the event loop for ${blocked.toFixed(1)} s, beyond its ${options.timeout} ms; not run again for ${Math.ceil(rest / 1000)} s`,
          }
        : result
      finish(
        settle({
          result: found,
          timedOut: timedOut || tooLong,
          blocked,
          endedAt,
          duration: (endedAt - calledAt) / 1000,
        }),
      )
    }
    const giveUp = (): void => {
      if (ended) return
      abandoned += 1
      controller.abort(
        new DOMException(`health check "${name}" took longer than ${options.timeout} ms`, 'TimeoutError'),
      )
      end({ status: 'unhealthy', message: `no answer within ${options.timeout} ms` }, true)
    }
    // A loop that was blocked meanwhile has not read yet what may have come in time: it does before an immediate.
    const deadline = setTimeout(() => setImmediate(giveUp), options.timeout).unref()
    const leave = (): void => {
      if (ended) abandoned -= 1
    }
    if (abandoned >= MAX_ABANDONED) {
      queueMicrotask(() =>
        end(
          { status: 'unhealthy', message: `${abandoned} runs never ended; not run again before one of them does` },
          true,
        ),
      )
      return { done, deadline, controller }
    }
    // A microtask later, so that `flight` is set before a check that ends at once clears it.
    queueMicrotask(() => {
      // Another check that is called in the same turn may have kept the loop until now.
      calledAt = performance.now()
      if (!ended) deadline.refresh()
      try {
        const returned = untraced(() => fn({ ...context, signal: controller.signal }))
        blocked = (performance.now() - calledAt) / 1000
        Promise.resolve(returned).then(
          (value) => (leave(), end(resultOf(value), false)),
          (error: unknown) => (leave(), end({ status: 'unhealthy', message: scrubError(error) }, false)),
        )
      } catch (error) {
        blocked = (performance.now() - calledAt) / 1000
        end({ status: 'unhealthy', message: scrubError(error) }, false)
      }
    })
    return { done, deadline, controller }
  }

  function settle(last: CheckRun): CheckState {
    const previous = state?.status
    if (last.result.status === 'healthy') {
      lastHealthyAt = Date.now()
      consecutiveFailures = 0
    } else {
      consecutiveFailures += 1
    }
    const next: CheckState = { status: hysteresis.next(last.result.status), last, lastHealthyAt, consecutiveFailures }
    state = next
    events.onRun(check, next, previous)
    return next
  }
}

/** Turns what a check returned into a result that is safe to show. */
function resultOf(value: CheckReturn): CheckResult {
  try {
    if (value === undefined || value === true || value === 'healthy') return { status: 'healthy' }
    if (value === false || value === 'unhealthy') return { status: 'unhealthy' }
    if (value === 'degraded') return { status: 'degraded' }
    const { status, message, observed, unit, details } = value as Partial<CheckResult>
    if (status !== 'healthy' && status !== 'degraded' && status !== 'unhealthy') {
      return {
        status: 'unhealthy',
        message: `the check returned status ${scrubText(String(status))}; expected healthy, degraded or unhealthy`,
      }
    }
    return {
      status,
      ...(typeof message === 'string' && message !== '' && { message: scrubText(message) }),
      ...(typeof observed === 'number' && Number.isFinite(observed) && { observed: micro(observed) }),
      ...(typeof unit === 'string' && { unit: scrubText(unit) }),
      ...(typeof details === 'object' &&
        details !== null && { details: scrubValue(details) as Record<string, unknown> }),
    }
  } catch (error) {
    return { status: 'unhealthy', message: `the check's result cannot be read: ${scrubError(error)}` }
  }
}
