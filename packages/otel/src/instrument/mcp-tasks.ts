import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { processWide, telemetryFaults, type OutcomeStatus } from '@mcp/otel-core'
import { TASK_CHANNEL, type TaskChange } from '@mcp/otel-protocol-instrumentation'
import type { InstrumentedQueue } from '@mcp/otel-queue-instrumentation'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'
import { libraryParts } from './library-parts.ts'

/** Servers whose tasks are measured one by one; those of further ones are not. */
const MAX_SERVERS = 100

const ENDS: Partial<Record<TaskChange['status'], OutcomeStatus>> = {
  completed: 'success',
  failed: 'error',
  cancelled: 'cancelled',
}

/** Measures the tasks of Model Context Protocol servers as the jobs of a queue: one that needs input waits, one that works runs. Returns what stops it. */
export function observeMcpTasks(): () => void {
  const state = processWide<{ isOn: boolean }>('mcp-tasks', () => ({ isOn: false }))
  if (state.isOn) return () => {}
  state.isOn = true
  const queues = new Map<string, InstrumentedQueue>()
  const running = new Map<string, Set<string>>()
  const listener = (message: unknown): void => {
    try {
      follow(message as TaskChange)
    } catch (error) {
      // The part that measures queues may be gone, where a deployment has replaced the files.
      unsubscribe(TASK_CHANNEL, listener)
      telemetryFaults().add(1, { source: 'queue' })
      diag.warn(`tasks of MCP servers cannot be measured: ${reasonOf(error)}; they work on unobserved`)
    }
  }
  const follow = ({ plugin, taskId, status, context }: TaskChange): void => {
    let queue = queues.get(plugin)
    if (queue === undefined) {
      if (queues.size >= MAX_SERVERS) return
      queues.set(plugin, (queue = libraryParts.queues.instrumentQueue({ plugin, name: 'tasks', engine: 'mcp' })))
      running.set(plugin, new Set())
    }
    const active = running.get(plugin) as Set<string>
    const end = ENDS[status]
    if (end !== undefined) {
      active.delete(taskId)
      queue.ended(taskId, { status: end })
    } else if (status === 'input_required') {
      if (active.delete(taskId)) queue.requeued(taskId, { status: 'success' })
    } else if (!active.has(taskId)) {
      active.add(taskId)
      queue.enqueued(taskId, { context })
      queue.started(taskId, { context })
    }
  }
  subscribe(TASK_CHANNEL, listener)
  return () => {
    state.isOn = false
    unsubscribe(TASK_CHANNEL, listener)
    for (const queue of queues.values()) queue.close()
  }
}
