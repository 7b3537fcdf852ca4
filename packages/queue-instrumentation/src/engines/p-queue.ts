import { observeCall, processWide } from '@mcp/otel-core'

import type { JobRun } from '../job-run.ts'
import type { InstrumentedQueue } from '../measure-queue.ts'
import { isWrappedTask } from '../task-wrapper.ts'
import { isCalledByApp } from './app-code.ts'
import type { EngineOptions, QueueEngine } from './engine.ts'
import { localQueue } from './local-queue.ts'
import { queueLibraries } from './queue-libraries.ts'

const { files: FILES, name: NAME } = queueLibraries.pQueue

type Task = (given: TaskArgument) => unknown

interface TaskArgument {
  readonly signal?: AbortSignal | undefined
}

interface AddOptions extends TaskArgument {
  readonly timeout?: number | undefined
}

interface PQueue {
  readonly add: (task: Task, options?: AddOptions) => unknown
  readonly clear: () => void
  /** The queue's own default, which version 10 keeps to itself. */
  readonly timeout?: number | undefined
}

/** One p-queue that is measured. */
interface MeasuredQueue {
  readonly queue: InstrumentedQueue
  /** The jobs that wait in it, each with what takes it out of the figures. */
  readonly waiting: Set<() => void>
}

interface State {
  /** Whether each queue that the app makes is measured, or those only that were given to us. */
  isEverywhere: boolean
  readonly patched: WeakSet<object>
  /** What is known of a queue; `null` for one that is not measured. */
  readonly queues: WeakMap<object, MeasuredQueue | null>
}

/** p-queue 8 to 10: jobs of the process itself, of queues without a name. */
export const pQueueEngine: QueueEngine = {
  ...queueLibraries.pQueue,
  instrumentModule({ PQueue }) {
    if (typeof PQueue !== 'function') return
    state().isEverywhere = true
    patch(PQueue.prototype as PQueue)
  },
  recognises: isPQueue,
  instrument(queue, options) {
    let owner: object | null = queue
    while (owner !== null && !Object.hasOwn(owner, 'add')) owner = Object.getPrototypeOf(owner) as object | null
    if (owner !== null) patch(owner as PQueue)
    state().queues.set(queue, measured(options))
  },
}

function isPQueue(value: object): value is PQueue {
  const { add, addAll, clear, onIdle, onSizeLessThan } = value as Record<string, unknown>
  return [add, addAll, clear, onIdle, onSizeLessThan].every((method) => typeof method === 'function')
}

function state(): State {
  return processWide<State>('p-queue', () => ({
    isEverywhere: false,
    patched: new WeakSet(),
    queues: new WeakMap(),
  }))
}

function measured(options: EngineOptions): MeasuredQueue {
  return { queue: localQueue(NAME, options), waiting: new Set() }
}

function measuredOf(queue: PQueue): MeasuredQueue | null {
  const { isEverywhere, queues } = state()
  let known = queues.get(queue)
  if (known === undefined) {
    known = isEverywhere && isCalledByApp(FILES) ? measured({}) : null
    queues.set(queue, known)
  }
  return known
}

function patch(owner: PQueue): void {
  const { patched } = state()
  if (patched.has(owner)) return
  patched.add(owner)
  const { add, clear } = owner
  const methods = {
    add(this: PQueue, task: Task, ...rest: [options?: AddOptions]) {
      const known = typeof task === 'function' && !isWrappedTask(task) ? measuredOf(this) : null
      return known === null
        ? Reflect.apply(add, this, [task, ...rest])
        : Reflect.apply(add, this, [measureTask(known, task, rest[0] ?? {}, this.timeout), ...rest])
    },
    clear(this: PQueue) {
      // What is put in while it tells its listeners is no part of what it drops.
      const dropped = [...(state().queues.get(this)?.waiting ?? [])]
      Reflect.apply(clear, this, [])
      for (const leave of dropped) leave()
    },
  }
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(owner, name, { ...Object.getOwnPropertyDescriptor(owner, name), value })
  }
}

/** The job waits from now on, and runs when the queue calls what is returned. */
function measureTask({ queue, waiting }: MeasuredQueue, task: Task, options: AddOptions, ownTimeout?: number): Task {
  const job = {}
  const { signal, timeout = ownTimeout } = options
  const context = queue.enqueued(job)
  const leave = leaverOf(queue, waiting, job)
  // In the queue or not, it will never run.
  if (signal?.aborted === true) leave()
  else signal?.addEventListener('abort', leave, { once: true })
  const measuredTask: Task = (given) => {
    waiting.delete(leave)
    signal?.removeEventListener('abort', leave)
    const run = queue.started(job, { context, signal })
    // Version 10 tells a task of its time limit by a signal; before, only the queue knows.
    const stop = endBefore(run, given?.signal, given?.signal === signal ? timeout : undefined)
    return observeCall(
      () => task(given),
      run.context,
      (outcome) => {
        stop()
        run.end(outcome)
      },
    )
  }
  // A queue that refuses a task, or is dropped with its tasks, does so without a word.
  collected().register(measuredTask, leave)
  return measuredTask
}

/** Adds a job to those that wait. It knows nothing of the task, which may know the queue, and would keep it for ever. */
function leaverOf(queue: InstrumentedQueue, waiting: Set<() => void>, job: object): () => void {
  const leave = (): void => {
    if (waiting.delete(leave)) queue.removed(job)
  }
  waiting.add(leave)
  return leave
}

/** Ends a run when its queue gives it up, though the task itself may go on. Returns what stops that. */
function endBefore(run: JobRun, signal: AbortSignal | undefined, timeout: number | undefined): () => void {
  const aborted = (): void => run.end({ error: signal?.reason as unknown })
  signal?.addEventListener('abort', aborted, { once: true })
  const timer = isTime(timeout) ? setTimeout(() => run.end({ status: 'timeout' }), timeout).unref() : undefined
  return () => {
    signal?.removeEventListener('abort', aborted)
    clearTimeout(timer)
  }
}

function isTime(timeout: unknown): timeout is number {
  return typeof timeout === 'number' && timeout > 0 && Number.isFinite(timeout)
}

function collected(): FinalizationRegistry<() => void> {
  return processWide('p-queue-collected', () => new FinalizationRegistry<() => void>((leave) => leave()))
}
