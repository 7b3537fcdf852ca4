import { executionAsyncResource } from 'node:async_hooks'
import type { ChildProcess } from 'node:child_process'
import { type EventEmitter, errorMonitor } from 'node:events'
import { constants } from 'node:os'

import { outcomeStatus, overlay } from '@mcp/otel-core'
import type { OutcomeStatus } from '@mcp/otel-core'

import type { ExecutionEnd } from './execution.ts'

/** What may stop a subprocess before its end. */
export interface Limits {
  /** Milliseconds. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Timers fire a little before or after the clock that we read. */
const TIMER_TOLERANCE_MS = 10

/** Signals that ask a process to end, and that it may answer with exit code 0. */
const STOP_SIGNALS: ReadonlySet<unknown> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGKILL'])

interface Kill {
  readonly signal: string
  readonly afterMs: number
  /** Whether it came straight from a timer: Node's own limit runs from before the start, which may take long. */
  readonly fromTimer: boolean
}

/** Calls `end` once with how a subprocess ended. */
export function observeSubprocess(child: ChildProcess, limits: Limits, end: (end: ExecutionEnd) => void): void {
  const observed = performance.now()
  let kill: Kill | undefined
  let abort: unknown
  const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
    end({ ...endOf({ code, signal, kill, abort, limits }), attributes: attributesOf(child, code, signal) })
  }
  if (child.exitCode !== null || child.signalCode !== null) {
    finish(child.exitCode, child.signalCode)
    return
  }
  const forget = watchKill(child, (signal) => {
    const cause: { constructor?: { name?: unknown } } = executionAsyncResource()
    const fromTimer = cause.constructor?.name === 'Timeout'
    kill ??= { signal, afterMs: performance.now() - observed, fromTimer }
  })
  // The monitor sees errors without handling them: an application that does not, must fail as without us.
  const onError = (error: unknown): void => {
    if (child.pid === undefined) {
      stopWatching()
      end({ error })
    } else if (outcomeStatus({ error }) !== 'error') abort ??= error
  }
  const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
    stopWatching()
    finish(code, signal)
  }
  const stopWatching = (): void => {
    emitter.off(errorMonitor, onError)
    emitter.off('exit', onExit)
    forget()
  }
  const emitter: EventEmitter = child
  emitter.on(errorMonitor, onError)
  emitter.on('exit', onExit)
}

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly kill: Kill | undefined
  /** The error that an `AbortSignal` of the subprocess made. */
  readonly abort: unknown
  readonly limits: Limits
}

function endOf({ code, signal, kill, abort, limits }: Exit): ExecutionEnd {
  if (abort !== undefined) return { status: outcomeStatus({ error: abort }), error: abort }
  if (limits.signal?.aborted === true) return { status: stopStatus(limits.signal.reason) }
  if (kill !== undefined && (kill.signal === signal || STOP_SIGNALS.has(kill.signal))) {
    return { status: isByLimit(kill, limits.timeout) ? 'timeout' : 'cancelled' }
  }
  if (code === 0) return { status: 'success' }
  const error =
    signal === null
      ? failure('ExitCodeError', `exited with code ${code}`)
      : failure('SignalError', `killed by ${signal}`)
  return { status: 'error', error }
}

function isByLimit({ afterMs, fromTimer }: Kill, timeout: number | undefined): boolean {
  if (timeout === undefined) return false
  const least = fromTimer ? timeout / 2 : timeout - TIMER_TOLERANCE_MS
  return afterMs >= least
}

function stopStatus(reason: unknown): OutcomeStatus {
  return outcomeStatus({ error: reason }) === 'timeout' ? 'timeout' : 'cancelled'
}

/** A failure of another process has no stack in this one. */
function failure(name: string, message: string): Error {
  const error = new Error(message)
  error.name = name
  error.stack = `${name}: ${message}`
  return error
}

function attributesOf(
  { pid }: ChildProcess,
  code: number | null,
  signal: NodeJS.Signals | null,
): Record<string, string | number> {
  return {
    ...(pid !== undefined && { 'process.pid': pid }),
    ...(code !== null && { 'process.exit.code': code }),
    ...(signal !== null && { 'mcp.execution.signal': signal }),
  }
}

/** Node's own time limit, too, stops a subprocess by its method `kill`, without an event. */
function watchKill(child: ChildProcess, killed: (signal: string) => void): () => void {
  const kill: unknown = Reflect.get(child, 'kill')
  const watched = function (this: unknown, ...args: [signal?: NodeJS.Signals | number]): unknown {
    killed(nameOfSignal(args[0]))
    return Reflect.apply(kill as ChildProcess['kill'], this, args)
  }
  return overlay(child, new Map([['kill', watched]])) ?? (() => {})
}

function nameOfSignal(signal: NodeJS.Signals | number | undefined): string {
  if (typeof signal !== 'number') return signal ?? 'SIGTERM'
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? String(signal)
}
