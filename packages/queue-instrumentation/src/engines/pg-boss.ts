import { observeCall, processWide } from '@mcp/otel-core'
import { context } from '@opentelemetry/api'

import { joinQueue, sendTo } from '../shared-queue.ts'
import type { QueueMember } from '../shared-queue.ts'
import type { EngineOptions, QueueEngine } from './engine.ts'
import type { BossJob } from './pg-boss-context.ts'
import { brokerQueue, PG_BOSS } from './pg-boss-queue.ts'
import type { BossFigures } from './pg-boss-queue.ts'
import { createFetchedJobs, startRun } from './pg-boss-runs.ts'
import type { BossRun, FetchedJobs } from './pg-boss-runs.ts'
import { tieredJob, withTier } from './pg-boss-tier.ts'
import type { SendOptions } from './pg-boss-tier.ts'
import { queueLibraries } from './queue-libraries.ts'
import { isFirstTime, wrapMethod } from './wrap-method.ts'

interface Boss extends BossFigures {
  on(event: 'stopped', listener: () => void): unknown
}

interface BossState {
  readonly options: EngineOptions
  readonly members: Map<string, QueueMember>
  readonly fetched: FetchedJobs
}

interface State {
  /** Whether each pg-boss that the app makes is measured, or those only that were given to us. */
  isEverywhere: boolean
  readonly bosses: WeakMap<object, BossState>
}

type Method = (this: Boss, ...args: unknown[]) => unknown
type Patch = (original: Method) => Method

/** pg-boss 12: queues in PostgreSQL. */
export const pgBossEngine: QueueEngine = {
  ...queueLibraries.pgBoss,
  instrumentModule({ PgBoss }) {
    if (typeof PgBoss !== 'function') return
    state().isEverywhere = true
    patch(PgBoss.prototype as object)
  },
  recognises: isBoss,
  instrument(boss, options) {
    patch(boss)
    measure(boss as Boss, options)
  },
}

function isBoss(value: object): boolean {
  return ['send', 'work', 'fetch', 'offWork', 'getDb', 'createQueue'].every(
    (name) => typeof Reflect.get(value, name) === 'function',
  )
}

function patch(target: object): void {
  if (!isFirstTime(target, 'pg-boss')) return
  for (const [name, over] of Object.entries(methods)) wrapMethod<Method>(target, name, over)
}

function state(): State {
  return processWide<State>('pg-boss', () => ({ isEverywhere: false, bosses: new WeakMap() }))
}

function measure(boss: Boss, options: EngineOptions): BossState {
  const { bosses } = state()
  const known = bosses.get(boss)
  if (known === undefined) boss.on('stopped', () => leaveAll(bosses.get(boss)))
  else leaveAll(known)
  const fresh: BossState = { options, members: new Map(), fetched: createFetchedJobs() }
  bosses.set(boss, fresh)
  return fresh
}

function leaveAll(known: BossState | undefined): void {
  for (const member of known?.members.values() ?? []) member.leave()
  known?.members.clear()
}

/** `undefined` for a pg-boss that is not measured. */
function stateOf(boss: Boss): BossState | undefined {
  const { isEverywhere, bosses } = state()
  return bosses.get(boss) ?? (isEverywhere ? measure(boss, {}) : undefined)
}

/** Finds a queue of the app's; pg-boss has some of its own. */
function memberOf(boss: Boss, name: unknown): QueueMember | undefined {
  const known = stateOf(boss)
  if (known === undefined || typeof name !== 'string' || name.startsWith('__pgboss__')) return undefined
  let member = known.members.get(name)
  if (member === undefined) known.members.set(name, (member = joinQueue(brokerQueue(boss, name), known.options)))
  return member
}

/** A method that puts one job in a queue: `(name, data, options, …)`, or all of them in one object. */
const sending: Patch = (original) =>
  function (...args) {
    const [first, data, options, ...rest] = args
    const request =
      typeof first === 'object' && first !== null ? (first as { name?: unknown; options?: SendOptions }) : undefined
    const member = memberOf(this, request === undefined ? first : request.name)
    if (member === undefined) return Reflect.apply(original, this, args)
    return member.send(
      (carrier) =>
        Reflect.apply(
          original,
          this,
          request === undefined
            ? [first, data, withTier(options as SendOptions, carrier, () => this.getDb()), ...rest]
            : [{ ...request, options: withTier(request.options, carrier, () => this.getDb()) }, ...args.slice(1)],
        ),
      { idOf: (id) => (typeof id === 'string' ? id : undefined) },
    )
  }

/** What settles jobs that the app has fetched itself, once pg-boss has done it. */
const settling = (how: (run: BossRun, data: unknown) => void): Patch =>
  function (original) {
    return function (...args) {
      const known = state().bosses.get(this)
      const [, of, data] = args
      if (known === undefined) return Reflect.apply(original, this, args)
      return observeCall(
        () => Reflect.apply(original, this, args),
        context.active(),
        (outcome) => 'result' in outcome && known.fetched.settle(of, (run) => how(run, data)),
      )
    }
  }

const methods: Readonly<Record<string, Patch>> = {
  send: sending,
  sendAfter: sending,
  sendThrottled: sending,
  sendDebounced: sending,
  insert: (original) =>
    function (name, jobs, ...rest) {
      const member = memberOf(this, name)
      if (member === undefined || !Array.isArray(jobs)) return Reflect.apply(original, this, [name, jobs, ...rest])
      return member.send(
        (carrier) => Reflect.apply(original, this, [name, jobs.map((job) => tieredJob(job, carrier)), ...rest]),
        { attributes: { 'messaging.batch.message_count': jobs.length } },
      )
    },
  publish: (original) =>
    function (event, data, options, ...rest) {
      const known = stateOf(this)
      if (known === undefined) return Reflect.apply(original, this, [event, data, options, ...rest])
      return sendTo(
        { engine: PG_BOSS, name: String(event) },
        known.options,
      )((carrier) =>
        Reflect.apply(original, this, [
          event,
          data,
          withTier(options as SendOptions, carrier, () => this.getDb()),
          ...rest,
        ]),
      )
    },
  work: (original) =>
    function (name, ...args) {
      const at = args.length === 1 ? 0 : 1
      const handler = args[at]
      const options = at === 0 ? {} : ((args[0] ?? {}) as WorkOptions)
      const member = memberOf(this, name)
      // What pg-boss is going to refuse is its own to refuse.
      const isAsked = typeof options === 'object' && typeof (options.includeMetadata ?? false) === 'boolean'
      if (member === undefined || typeof handler !== 'function' || !isAsked) {
        return Reflect.apply(original, this, [name, ...args])
      }
      const measured = measuredHandler(member, handler as Handler, options)
      return Reflect.apply(original, this, [name, { ...options, includeMetadata: true }, measured])
    },
  fetch: (original) =>
    function (name, options, ...rest) {
      const member = memberOf(this, name)
      const known = state().bosses.get(this)
      const asked = (options ?? {}) as WorkOptions
      if (member === undefined || known === undefined || typeof asked !== 'object') {
        return Reflect.apply(original, this, [name, options, ...rest])
      }
      return observeCall(
        () => Reflect.apply(original, this, [name, { ...asked, includeMetadata: true }, ...rest]),
        context.active(),
        (outcome) => {
          const jobs = 'result' in outcome && Array.isArray(outcome.result) ? (outcome.result as BossJob[]) : []
          for (const job of jobs) known.fetched.add(job, startRun(member, job, asked.includeMetadata === true))
        },
      )
    },
  complete: settling((run) => run.succeed()),
  fail: settling((run, data) =>
    run.fail(data instanceof Error ? { error: data } : { status: 'error', errorType: 'FailedJob' }),
  ),
  cancel: settling((run) => run.cancel()),
  deleteJob: settling((run) => run.cancel()),
}

interface WorkOptions {
  readonly includeMetadata?: boolean
  readonly perJobResults?: boolean
}

type Handler = (this: unknown, jobs: BossJob[], ...rest: unknown[]) => unknown

/** A batch is handled at once: within the context of its first job. */
function measuredHandler(member: QueueMember, handler: Handler, options: WorkOptions): Handler {
  return function (jobs, ...rest) {
    const runs = jobs.map((job) => startRun(member, job, options.includeMetadata === true))
    return observeCall(
      () => Reflect.apply(handler, this, [jobs, ...rest]),
      runs[0]?.context ?? context.active(),
      (outcome) => {
        for (const [index, run] of runs.entries()) {
          if ('error' in outcome) run.fail(outcome)
          else if (options.perJobResults === true && 'result' in outcome)
            settleOne(run, jobs[index]?.id, outcome.result)
          else run.succeed()
        }
      },
    )
  }
}

/** What a handler says of each job of its batch; one of which it says nothing has failed. */
function settleOne(run: BossRun, id: string | undefined, results: unknown): void {
  const all = Array.isArray(results) ? (results as { id?: unknown; status?: unknown; output?: unknown }[]) : []
  const result = all.findLast((each) => each?.id === id)
  if (result?.status === 'completed') run.succeed()
  else if (result?.output instanceof Error) run.fail({ error: result.output })
  else run.fail({ status: 'error', errorType: 'FailedJob' })
}
