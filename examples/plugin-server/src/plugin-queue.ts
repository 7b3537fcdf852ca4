import type { Logger } from '@mcp/otel-logging'
import { withExecution } from '@mcp/otel-plugin-instrumentation'
import { instrumentQueue, removeQueues } from '@mcp/otel-queue-instrumentation'
import PQueue from 'p-queue'

import { Job, type JobHistory, type JobStatus } from './job.ts'
import type { Plugin } from './load-plugins.ts'
import { RequestError } from './request-error.ts'
import { PluginError, runSubprocess } from './run-subprocess.ts'

/** What a client gets for a command that succeeded. */
export interface RunResult {
  readonly job: string
  readonly status: 'success'
  readonly wait_ms: number
  readonly duration_ms: number
  readonly result: unknown
}

/** The jobs of one plugin: some run, the others wait for their turn. */
export interface PluginQueue {
  readonly plugin: Plugin
  /** Runs a command when its turn comes; throws a `RequestError` when it fails or the queue is full. */
  run(command: string, args: Record<string, unknown>, signal: AbortSignal): Promise<RunResult>
  /** Takes what the plugin's manifest says now, for the jobs to come. */
  update(plugin: Plugin): void
  /** Resolves once nothing waits or runs. */
  idle(): Promise<void>
  /** Cancels what waits and stops what runs. */
  stop(): void
  /** Stops, and takes its metrics along. */
  remove(): void
}

export interface PluginQueueOptions {
  readonly plugin: Plugin
  /** Directory that the plugin works in. */
  readonly root: string
  readonly history: JobHistory
  readonly log: Logger
}

/** Creates the queue of one plugin. */
export function createPluginQueue({ root, history, log, ...options }: PluginQueueOptions): PluginQueue {
  let { plugin } = options
  const queue = new PQueue({ concurrency: plugin.concurrency })
  const measured = instrumentQueue({ plugin: plugin.name, engine: 'p-queue' })
  const closed = new AbortController()

  async function run(command: string, args: Record<string, unknown>, client: AbortSignal): Promise<RunResult> {
    if (queue.pending >= queue.concurrency && queue.size >= plugin.maxQueued) throw queueFull(plugin)
    const job = new Job(plugin.name, command)
    const stop = AbortSignal.any([client, closed.signal])
    history.add(job)
    logJob(log, job)
    try {
      const signal = whileQueued(job, stop)
      const task = measured.wrap(() => execute(job, args, stop), { signal })
      const result = await queue.add(task, { signal })
      return { job: job.id, status: 'success', wait_ms: job.wait_ms, duration_ms: job.duration_ms, result }
    } catch (error) {
      if (job.status === 'queued') enter(job, 'cancelled')
      throw toRequestError(error, job, plugin)
    }
  }

  async function execute(job: Job, args: Record<string, unknown>, stop: AbortSignal): Promise<unknown> {
    enter(job, 'started')
    const timeout = AbortSignal.timeout(plugin.timeoutSeconds * 1000)
    const signal = AbortSignal.any([stop, timeout])
    try {
      const { executable } = plugin
      const { command } = job
      const result = await withExecution({ plugin: plugin.name, command }, () =>
        runSubprocess({ executable, command, args, directory: root, signal }),
      )
      enter(job, 'success')
      return result
    } catch (error) {
      enter(job, statusOf(error))
      throw error
    }
  }

  function enter(job: Job, status: Exclude<JobStatus, 'queued'>): void {
    job.enter(status)
    logJob(log, job)
  }

  return {
    get plugin() {
      return plugin
    },
    run,
    update(changed) {
      plugin = changed
      queue.concurrency = changed.concurrency
    },
    idle: () => queue.onIdle(),
    stop: () => closed.abort(),
    remove() {
      closed.abort()
      removeQueues(plugin.name)
    },
  }
}

/** The end of a job is the guide's plugin line; how it came there is for those who debug. */
function logJob(log: Logger, { id, plugin, command, status, duration_ms }: Job): void {
  if (status === 'queued' || status === 'started') log.debug({ type: 'plugin', plugin, command, status, job: id })
  else log.plugin({ plugin, command, status, duration_ms })
}

/** Aborts with `stop`, but only while the job waits: a running one leaves its place when its process is gone. */
function whileQueued(job: Job, stop: AbortSignal): AbortSignal {
  const leave = new AbortController()
  const onAbort = (): void => {
    if (job.status === 'queued') leave.abort(stop.reason)
  }
  if (stop.aborted) onAbort()
  else stop.addEventListener('abort', onAbort, { once: true })
  return leave.signal
}

function statusOf(error: unknown): 'timeout' | 'cancelled' | 'error' {
  const name = error instanceof Error ? error.name : ''
  if (name === 'TimeoutError') return 'timeout'
  return name === 'AbortError' ? 'cancelled' : 'error'
}

function queueFull({ name, maxQueued }: Plugin): RequestError {
  return new RequestError(503, 'queue_full', `${maxQueued} jobs wait for plugin ${name} already; try again later`)
}

function toRequestError(error: unknown, job: Job, { timeoutSeconds }: Plugin): unknown {
  const what = `${job.plugin} ${job.command}`
  const details = { job: job.id, status: job.status }
  if (job.status === 'timeout') {
    return new RequestError(504, 'plugin_timeout', `${what} was stopped after ${timeoutSeconds} s`, details)
  }
  if (job.status === 'cancelled') {
    return new RequestError(503, 'job_cancelled', `${what} was cancelled before it had ended`, details)
  }
  if (error instanceof PluginError) return new RequestError(500, 'plugin_failed', error.message, details)
  return error
}
