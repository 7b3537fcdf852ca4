import { createInstruments } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'
import type { MeterProvider } from '@opentelemetry/api'

import { resolveCheckOptions } from './check-options.ts'
import type { CheckContext, CheckFn, CheckOptions } from './check-options.ts'
import { createCheck } from './check.ts'
import type { Check, CheckEvents } from './check.ts'
import { HEALTH_SCOPE, healthInstruments } from './instruments.ts'
import type { HealthChange } from './state-change.ts'
import { contributionOf, STATUS_VALUE, worstStatus } from './status.ts'
import type { HealthStatus } from './status.ts'
import { VERSION } from './version.ts'

/** A call of a check that keeps the loop longer than this, s, is worth a warning. */
const LONG_BLOCK = 0.1

export interface CheckRegistry {
  /** `isOurs`: a warning would tell nobody what to do. */
  add(name: string, fn: CheckFn, options: CheckOptions, isOurs?: boolean): Check
  remove(name: string): void
  get(name: string): Check | undefined
  all(): readonly Check[]
  /** Tells the gauge, and the publisher when it has changed, what the whole is, and if it is so by where the process is. */
  tellOverall(status: HealthStatus, process: HealthChange['process']): void
  /** Stops every check and takes its series off the page. */
  stop(): void
}

export interface CheckRegistryOptions {
  readonly context: Omit<CheckContext, 'signal'>
  readonly meterProvider: MeterProvider | undefined
  readonly publish: (change: HealthChange) => void
  /** After a component's state may have changed the whole. */
  readonly onState: () => void
}

/** Creates the set of all checks, with their metrics and the news of their changes. */
export function createCheckRegistry({ context, meterProvider, publish, onState }: CheckRegistryOptions): CheckRegistry {
  const instruments = createInstruments(healthInstruments, {
    scope: HEALTH_SCOPE,
    version: VERSION,
    isSound: true,
    meterProvider,
  })
  const checks = new Map<string, Check>()
  /** Names of which no warning is given, or not again. */
  const warned = new Set<string>()
  let overall: HealthStatus | undefined
  let isStopped = false

  const onRun: CheckEvents['onRun'] = (check, { status, last }, previous) => {
    const { name } = check
    if (checks.get(name) !== check) return
    instruments.checkStatus.record(STATUS_VALUE[status], { component: name })
    instruments.checkDuration.record(last.duration, { component: name })
    if (last.blocked > LONG_BLOCK && !warned.has(name)) {
      warned.add(name)
      diag.warn(
        `[mcp-otel] health check "${name}" kept the event loop: ${last.blocked.toFixed(2)} s; make it asynchronous, or run it by workerCheck()`,
      )
    }
    if (status !== (previous ?? 'healthy')) {
      const { message } = last.result
      publish({
        component: name,
        from: previous,
        to: status,
        at: Date.now(),
        ...(message !== undefined && { message }),
      })
    }
    onState()
  }

  return {
    add(name, fn, options, isOurs = false) {
      if (checks.has(name))
        throw new Error(`health check "${name}" exists already; remove it first, or choose another name`)
      const check = createCheck(name, fn, resolveCheckOptions(name, options), context, { onRun })
      checks.set(name, check)
      if (isOurs) warned.add(name)
      return check
    },
    remove(name) {
      const check = checks.get(name)
      if (check === undefined) return
      check.stop()
      checks.delete(name)
      forget(name)
      onState()
    },
    get: (name) => checks.get(name),
    all: () => [...checks.values()],
    tellOverall(status, life) {
      if (isStopped) return
      instruments.checkStatus.record(STATUS_VALUE[status], { component: 'overall' })
      if (status !== (overall ?? 'healthy'))
        publish({
          component: 'overall',
          from: overall,
          to: status,
          at: Date.now(),
          ...(life !== undefined && { process: life }),
        })
      overall = status
    },
    stop() {
      isStopped = true
      for (const [name, check] of checks) {
        check.stop()
        forget(name)
      }
      checks.clear()
      forget('overall')
    },
  }

  function forget(component: string): void {
    instruments.checkStatus.remove({ component })
    instruments.checkDuration.remove({ component })
  }
}

/** Returns what the checks add up to, by the states they stand at. */
export function statusOfChecks(checks: Iterable<Check>): HealthStatus {
  const contributions: HealthStatus[] = []
  for (const { state, options } of checks) if (state) contributions.push(contributionOf(state.status, options.critical))
  return worstStatus(contributions)
}
