import { assertCheck, show } from './check-options.ts'
import type { CheckFn, CheckOptions } from './check-options.ts'
import { createCheckRegistry, statusOfChecks } from './check-registry.ts'
import type { Check } from './check.ts'
import { eventLoopDelayCheck } from './checks/event-loop-delay-check.ts'
import { memoryCheck } from './checks/memory-check.ts'
import { createComponentSampler } from './component-sampler.ts'
import { createEndpointOf } from './endpoint-path.ts'
import type { HealthOptions } from './health-options.ts'
import type { HealthPaths } from './http-contract.ts'
import { createLifecycle } from './lifecycle.ts'
import { createNodeHandler } from './node-handler.ts'
import type { NodeHealthHandler } from './node-handler.ts'
import { createComponentChecks } from './plugin-and-queue-checks.ts'
import { repeatWhileBusy } from './repeat-while-busy.ts'
import { checkReport, publicView } from './report.ts'
import type { HealthReport, ProbeReport, PublicReport } from './report.ts'
import { resolveHealthOptions } from './resolve-health-options.ts'
import { createResponder } from './responder.ts'
import type { HealthResponder } from './responder.ts'
import { createServerVitals } from './server-vitals.ts'
import { createChangePublisher } from './state-change.ts'
import { worstStatus } from './status.ts'
import type { HealthStatus } from './status.ts'

/** The health of this process: its checks, its plugins and queues, and where it is in its life. */
export interface Health {
  /** Adds a check; returns what removes it. Throws when the name is taken or an option is wrong. */
  check(name: string, fn: CheckFn, options?: CheckOptions): () => void
  /** Runs what is out of date and returns the whole body. Never rejects, and takes no longer than the longest deadline. */
  report(options?: { readonly detailed?: true }): Promise<HealthReport>
  report(options: { readonly detailed: boolean }): Promise<HealthReport | PublicReport>
  /** Runs the checks of a group: `liveness`, `readiness`, `startup`, or one of your own; undefined when no check is in it. */
  probe(group: string): Promise<ProbeReport | undefined>
  /** Answers `/health`, `/livez`, `/readyz`, `/startupz` on a `node:http` server; false when the path is none of them. */
  readonly handler: NodeHealthHandler
  /** Whether `handler` answers the URL, or path, of a request. */
  readonly owns: (url: string) => boolean
  /** Where the endpoints are. */
  readonly paths: HealthPaths
  /** Answers a request of any server; undefined when its path is none of ours. */
  readonly respond: HealthResponder
  /** Says that the application is up; needed with `manualStart` only. */
  started(): void
  /** Turns readiness to 503 at once; resolves after the grace period (ms, default 0) in which requests are still served. */
  drain(gracePeriod?: number): Promise<void>
  /** Takes a drain back. */
  resume(): void
  /** Stops timers and background checks, and takes the series off the page. */
  stop(): void
}

/** How often plugins and queues that are new are looked for, ms. */
const MEETING_INTERVAL = 1000
/** How often an idle process is woken to judge what time alone changes: as often as it exports by default. */
const IDLE_INTERVAL = 60_000

/** Creates the health of this process and starts its background work, whose timers do not keep the process alive. */
export function createHealth(options: HealthOptions = {}): Health {
  const resolved = resolveHealthOptions(options)
  const vitals = createServerVitals()
  const sampler = createComponentSampler(resolved.sources, resolved.window)
  let telling = false
  const tell = (): void => {
    if (telling) return
    telling = true
    queueMicrotask(() => {
      telling = false
      tellOverall(overall())
    })
  }
  const registry = createCheckRegistry({
    context: { server: () => vitals.read(), plugins: () => components.plugins(), queues: () => components.queues() },
    meterProvider: options.meterProvider,
    publish: createChangePublisher({ onChange: options.onChange, tracerProvider: options.tracerProvider }),
    onState: tell,
  })
  const components = createComponentChecks(registry, sampler, resolved.pluginPolicy, resolved.queuePolicy)
  const hasCriticalComponents = [resolved.pluginPolicy, resolved.queuePolicy].some(
    ({ critical = false }) => critical === true || (critical !== false && critical.length > 0),
  )
  const lifecycle = createLifecycle({ manualStart: resolved.manualStart, startupChecks, onChange: tell })

  const add = (name: string, fn: CheckFn, checkOptions: CheckOptions = {}): (() => void) => {
    assertCheck(name, fn, checkOptions)
    const added = registry.add(name, fn, checkOptions)
    return () => {
      if (registry.get(name) === added) registry.remove(name)
    }
  }
  const { memory = {}, eventLoop = {} } = options
  if (memory) registry.add('memory', memoryCheck(memory.thresholds), { critical: false, ...memory.check }, true)
  if (eventLoop) {
    const checkOptions = { critical: false, ...eventLoop.check }
    registry.add('event_loop', eventLoopDelayCheck(eventLoop.thresholds), checkOptions, true)
  }
  for (const check of resolved.checks) add(...check)

  const judgeComponents = (isDue: (check: Check) => boolean): void => {
    components.sync()
    for (const check of registry.all()) if (isComponent(check) && isDue(check)) check.refresh()
  }
  const sample = (): void => {
    sampler.sample()
    vitals.rotate()
    judgeComponents(() => true)
  }
  const meet = (): void => {
    if (components.hasNew()) judgeComponents(({ state }) => state === undefined)
  }
  const stopSampling = repeatWhileBusy(sample, { interval: resolved.sampleInterval, longest: IDLE_INTERVAL })
  // What is new is on the page before the next sample is due.
  const stopMeeting = repeatWhileBusy(meet, { interval: MEETING_INTERVAL, isFirstNow: true })
  tell()

  const health: Omit<Health, 'handler' | 'respond' | 'owns' | 'paths'> = {
    check: add,
    report: (async ({ detailed = true } = {}) => {
      components.sync()
      await settled(registry.all())
      return detailed ? whole() : open()
    }) as Health['report'],
    async probe(group) {
      if (hasCriticalComponents) components.sync()
      const members = inGroup(group)
      if (members.length === 0 && group !== 'liveness' && group !== 'readiness' && group !== 'startup') return undefined
      const startup = group === 'readiness' && lifecycle.state() === 'starting' ? inGroup('startup') : []
      await settled([...members, ...startup])
      return probeReport(group, members)
    },
    started: () => lifecycle.started(),
    drain(gracePeriod = 0) {
      if (!(typeof gracePeriod === 'number' && gracePeriod >= 0 && gracePeriod < 2 ** 31)) {
        throw new RangeError(`grace period is ${show(gracePeriod)}; expected milliseconds from 0 to 2147483647`)
      }
      return lifecycle.drain(gracePeriod)
    },
    resume: () => lifecycle.resume(),
    stop() {
      stopSampling()
      stopMeeting()
      vitals.stop()
      registry.stop()
    },
  }
  const endpointOf = createEndpointOf(resolved.paths)
  const respond = createResponder(health, endpointOf, options)
  const owns = (url: string): boolean => endpointOf(url) !== undefined
  return { ...health, respond, handler: createNodeHandler(respond), owns, paths: resolved.paths }

  function inGroup(group: string): Check[] {
    // Readiness asks only what can take it away, so that nothing else can hold it up.
    return registry
      .all()
      .filter((check) => check.options.groups.includes(group) && (group !== 'readiness' || check.options.critical))
  }

  function startupChecks(): 'none' | 'pending' | 'passed' {
    const checks = inGroup('startup').filter(({ options: { critical } }) => critical)
    if (checks.length === 0) return 'none'
    return checks.some(({ state }) => state === undefined || state.status === 'unhealthy') ? 'pending' : 'passed'
  }

  function overall(): HealthStatus {
    const checks = statusOfChecks(registry.all())
    return lifecycle.state() === 'running' ? checks : 'unhealthy'
  }

  function tellOverall(status: HealthStatus): void {
    const state = lifecycle.state()
    registry.tellOverall(status, state === 'running' ? undefined : state)
  }

  function open(plugins = components.plugins(), queues = components.queues()): PublicReport {
    const status = overall()
    tellOverall(status)
    return publicView({
      status,
      version: resolved.version,
      uptime: Math.round(process.uptime() * 1000) / 1000,
      queue_size: Object.values(queues).reduce((sum, { size }) => sum + (size ?? 0), 0),
      plugins,
    })
  }

  function whole(): HealthReport {
    const plugins = components.plugins()
    const queues = components.queues()
    const checks = registry.all().filter((check) => !isComponent(check))
    return {
      ...open(plugins, queues),
      plugins,
      server: {
        status: worstStatus(['memory', 'event_loop'].map((name) => registry.get(name)?.state?.status ?? 'healthy')),
        process: lifecycle.state(),
        pid: process.pid,
        node: process.version,
        started_at: new Date(performance.timeOrigin).toISOString(),
        ...vitals.read(),
      },
      queues,
      checks: Object.fromEntries(checks.flatMap((check) => checkReport(check))),
    }
  }

  function probeReport(group: string, members: readonly Check[]): ProbeReport {
    const checks = Object.fromEntries(members.flatMap((check) => checkReport(check)))
    const state = lifecycle.state()
    const found = statusOfChecks(members)
    if (group === 'startup') return { status: state === 'starting' ? 'unhealthy' : 'healthy', process: state, checks }
    if (group === 'readiness' && state !== 'running') return { status: 'unhealthy', process: state, checks }
    return { status: found, process: state, checks }
  }
}

function isComponent(check: Check): boolean {
  return check.name.startsWith('plugin:') || check.name.startsWith('queue:')
}

/** Waits until each check has a state that is fresh enough. */
async function settled(checks: readonly Check[]): Promise<void> {
  const running = checks.map((check) => check.current()).filter((state) => state instanceof Promise)
  if (running.length > 0) await Promise.all(running)
}
