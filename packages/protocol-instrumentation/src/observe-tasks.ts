import { channel } from 'node:diagnostics_channel'

import { overlay } from '@mcp/otel-core'
import { context } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

import { fieldsOf, textOf } from './message.ts'
import { protocolState } from './protocol-state.ts'
import { guarded } from './telemetry.ts'
import type { AnyMethod } from './wrap-method.ts'

/** Name of the `node:diagnostics_channel` on which each change of a task's status is published as a `TaskChange`. */
export const TASK_CHANNEL = 'mcp.protocol.task'

/** A task of a server that has begun, waits for input, goes on, or has ended. Its shape is part of the public contract. */
export interface TaskChange {
  /** Name of the server. */
  readonly plugin: string
  readonly taskId: string
  readonly status: 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled'
  /** The context in which it changed: that of the request that asked for the task, when it begins. */
  readonly context: Context
}

const STATUSES: ReadonlySet<unknown> = new Set<TaskChange['status']>([
  'working',
  'input_required',
  'completed',
  'failed',
  'cancelled',
])

/** Lets the store of a server's tasks tell of each change; its answers stay as they are. */
export function observeTasks(protocol: object): void {
  const { _serverInfo: info, _taskStore: store } = fieldsOf(protocol)
  const { reporting } = protocolState()
  if (typeof store !== 'object' || store === null || reporting.has(store)) return
  reporting.add(store)
  const plugin = textOf(fieldsOf(info)['name']) ?? 'unknown'
  const { createTask, storeTaskResult, updateTaskStatus } = fieldsOf(store)
  const observed = new Map<string, AnyMethod>()
  const observe = (name: string, method: unknown, read: (args: unknown[], result: unknown) => unknown[]): void => {
    if (typeof method !== 'function') return
    observed.set(name, async function (...args) {
      const cause = context.active()
      const result: unknown = await Reflect.apply(method, this, args)
      guarded('a task', () => publish(plugin, read(args, result), cause))
      return result
    })
  }
  observe('createTask', createTask, (_args, task) => [fieldsOf(task)['taskId'], fieldsOf(task)['status']])
  observe('updateTaskStatus', updateTaskStatus, ([taskId, status]) => [taskId, status])
  observe('storeTaskResult', storeTaskResult, ([taskId, status, result]) => [
    taskId,
    fieldsOf(result)['isError'] === true ? 'failed' : status,
  ])
  overlay(store, observed)
}

function publish(plugin: string, [taskId, status]: unknown[], cause: Context): void {
  const tasks = channel(TASK_CHANNEL)
  if (!tasks.hasSubscribers || typeof taskId !== 'string' || !STATUSES.has(status)) return
  const change: TaskChange = { plugin, taskId, status: status as TaskChange['status'], context: cause }
  tasks.publish(change)
}
