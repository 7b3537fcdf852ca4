import { observeCall, processWide } from '@mcp/otel-core'
import type { Context } from '@opentelemetry/api'

import type { JobRun } from '../job-run.ts'
import type { InstrumentedQueue } from '../measure-queue.ts'
import { queueRegistry } from '../queue-registry.ts'
import { isCalledByApp } from './app-code.ts'
import type { QueueEngine } from './engine.ts'
import { localQueue } from './local-queue.ts'
import { queueLibraries } from './queue-libraries.ts'

const { files: FILES, name: NAME } = queueLibraries.fastq

type Done = (error: unknown, result?: unknown) => void
type Worker = (this: unknown, value: unknown, done: Done) => unknown
type Push = (value: unknown, ...rest: unknown[]) => unknown
type ErrorHandler = (error: unknown, value: unknown) => void

interface FastQueue {
  push: Push
  unshift: Push
  getQueue: () => unknown[]
  kill: () => unknown
  killAndDrain: () => unknown
  abort?: () => unknown
  error: (handler: ErrorHandler) => unknown
}

type Create = (...args: unknown[]) => FastQueue
type Fastq = Create & { readonly promise: Create }

/** What is put in the queue in place of a value, which need not be an object, and may be there twice. */
interface Box {
  readonly value: unknown
  readonly job: object
  readonly context: Context
}

/** One fastq that is measured. */
interface MeasuredQueue {
  readonly queue: InstrumentedQueue
  /** The jobs that wait in it. */
  readonly waiting: Set<object>
}

/** fastq 1: jobs of the process itself, of queues without a name. Instrumented is the function that makes them. */
export const fastqEngine: QueueEngine = {
  ...queueLibraries.fastq,
  instrumentModule: (_exports, whole) =>
    isFastq(whole) ? measuring(whole, () => (isCalledByApp(FILES) ? localQueue(NAME, {}) : undefined)) : undefined,
  recognises: (value) => isFastq(value) || isFastQueue(value),
  instrument(given, options) {
    if (isFastq(given)) return measuring(given, () => localQueue(NAME, options))
    queueRegistry(options.meterProvider).say(
      'instrumentQueue was given a fastq queue, whose worker can no longer be observed; expected fastq itself, before ' +
        'the queue is made: instrumentQueue(fastq)(worker, concurrency); it is not measured',
    )
    return given
  },
}

function isFastQueue(value: object): boolean {
  const { push, unshift, getQueue, killAndDrain } = value as Record<string, unknown>
  return [push, unshift, getQueue, killAndDrain].every((method) => typeof method === 'function')
}

function isFastq(value: unknown): value is Fastq {
  return typeof value === 'function' && value.name === 'fastqueue' && 'promise' in value
}

/** Returns a `fastq` whose queues are measured, as far as `queueFor` has a place for them; twice is as good as once. */
function measuring(fastq: Fastq, queueFor: () => InstrumentedQueue | undefined): Fastq {
  const originals = processWide('fastq', () => new WeakMap<object, Fastq>())
  const original = originals.get(fastq) ?? fastq
  const promise = new Proxy(original.promise, {
    apply: (create, receiver, args: unknown[]) => make(create, receiver, args, queueFor(), promiseWorker),
  })
  const measured = new Proxy(original, {
    apply: (create, receiver, args: unknown[]) => make(create, receiver, args, queueFor(), callbackWorker),
    get: (target, key) => (key === 'promise' ? promise : (Reflect.get(target, key) as unknown)),
  })
  originals.set(measured, original)
  return measured
}

type WrapWorker = (queue: MeasuredQueue, worker: Worker) => (this: unknown, box: Box, done: Done) => unknown

function make(
  create: Create,
  receiver: unknown,
  args: unknown[],
  queue: InstrumentedQueue | undefined,
  wrapWorker: WrapWorker,
): FastQueue {
  const at = typeof args[0] === 'function' ? 0 : 1
  const worker = args[at]
  if (queue === undefined || typeof worker !== 'function') return Reflect.apply(create, receiver, args)
  const measured: MeasuredQueue = { queue, waiting: new Set() }
  const fast = Reflect.apply(create, receiver, args.with(at, wrapWorker(measured, worker as Worker)))
  boxJobs(fast, measured)
  collected().register(fast, () => removeAll(measured))
  return fast
}

/** Jobs go in boxes from where they are put in to where they come out, be it to the worker or to who asks for them. */
function boxJobs(fast: FastQueue, measured: MeasuredQueue): void {
  const { push, unshift, getQueue, kill, killAndDrain, abort, error } = fast
  const boxing = (put: Push): Push =>
    function (value, ...rest) {
      const job = {}
      measured.waiting.add(job)
      return put({ value, job, context: measured.queue.enqueued(job) } satisfies Box, ...rest)
    }
  const dropping = (drop: () => unknown) => (): unknown => {
    removeAll(measured)
    return drop()
  }
  fast.push = boxing(push)
  fast.unshift = boxing(unshift)
  fast.getQueue = () => getQueue().map((box) => (box as Box).value)
  fast.kill = dropping(kill)
  fast.killAndDrain = dropping(killAndDrain)
  if (abort !== undefined) fast.abort = dropping(abort)
  fast.error = (handler) =>
    error(typeof handler === 'function' ? (failure, box) => handler(failure, (box as Box).value) : handler)
}

function callbackWorker(measured: MeasuredQueue, worker: Worker): ReturnType<WrapWorker> {
  return function (box, done) {
    const run = start(measured, box)
    const finish: Done = (error, result) => {
      run.end(error ? { error } : { result })
      done(error, result)
    }
    try {
      return run.run(() => Reflect.apply(worker, this, [box.value, finish]))
    } catch (error) {
      run.end({ error })
      throw error
    }
  }
}

function promiseWorker(measured: MeasuredQueue, worker: Worker): ReturnType<WrapWorker> {
  return function (box) {
    const run = start(measured, box)
    return observeCall(() => Reflect.apply(worker, this, [box.value]), run.context, run.end)
  }
}

function start({ queue, waiting }: MeasuredQueue, { job, context }: Box): JobRun {
  waiting.delete(job)
  return queue.started(job, { context })
}

function removeAll({ queue, waiting }: MeasuredQueue): void {
  for (const job of waiting) queue.removed(job)
  waiting.clear()
}

function collected(): FinalizationRegistry<() => void> {
  return processWide('fastq-collected', () => new FinalizationRegistry<() => void>((remove) => remove()))
}
