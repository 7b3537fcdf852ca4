import { processMeters } from '@mcp/otel-core'
import { instrumentMcp } from '@mcp/otel-protocol-instrumentation'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js'
import { expect, test, vi } from 'vitest'

import { observeMcpTasks } from '../src/instrument/mcp-tasks.ts'

/** The value of a metric of the server `works`, by status where it has one. */
function read(metric: string): Record<string, unknown> {
  return Object.fromEntries(
    processMeters()
      .provider.readSeries(metric)
      .filter(({ attributes }) => attributes['plugin'] === 'works')
      .map(({ attributes, value }) => [attributes['status'] ?? 'all', typeof value === 'number' ? value : value.count]),
  )
}

test('tasks of a server are the jobs of a queue: begun, waiting for input, ended', async () => {
  const stop = observeMcpTasks()
  instrumentMcp({ McpServer, Client })
  const store = new InMemoryTaskStore()
  const server = new McpServer(
    { name: 'works', version: '1' },
    {
      taskStore: store,
      capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
    },
  )
  server.experimental.tasks.registerToolTask(
    'build',
    { description: 'builds', execution: { taskSupport: 'required' } },
    {
      createTask: async ({ taskStore }) => ({ task: await taskStore.createTask({ ttl: 60_000 }) }),
      getTask: async ({ taskId, taskStore }) => taskStore.getTask(taskId),
      getTaskResult: async ({ taskId, taskStore }) => (await taskStore.getTaskResult(taskId)) as never,
    },
  )
  const client = new Client({ name: 'agent', version: '1' }, { capabilities: {} })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far)
  await client.connect(near)
  const begin = async (): Promise<string> => {
    const stream = client.experimental.tasks.callToolStream({ name: 'build', arguments: {} }, CallToolResultSchema, {
      task: { ttl: 60_000 },
    })
    const { value } = await stream.next()
    if (value?.type !== 'taskCreated') throw new Error(`no task was created: ${JSON.stringify(value)}`)
    return value.task.taskId
  }

  const [first, second, third] = [await begin(), await begin(), await begin()]
  expect(read('mcp.queue.active_jobs')).toEqual({ all: 3 })
  await store.updateTaskStatus(first, 'input_required')
  expect([read('mcp.queue.active_jobs'), read('mcp.queue.size')]).toEqual([{ all: 2 }, { all: 1 }])
  await store.updateTaskStatus(first, 'working')
  await store.storeTaskResult(first, 'completed', { content: [] })
  await store.storeTaskResult(second, 'failed', { content: [], isError: true })
  await store.updateTaskStatus(third, 'cancelled')
  await vi.waitFor(() => expect(read('mcp.queue.jobs')).toEqual({ success: 1, error: 1, timeout: 0, cancelled: 1 }))
  expect([read('mcp.queue.active_jobs'), read('mcp.queue.size')]).toEqual([{ all: 0 }, { all: 0 }])
  expect(read('mcp.queue.wait')).toEqual({ all: 3 })
  // The one that waited for input.
  expect(read('mcp.queue.retry_wait')).toEqual({ all: 1 })
  expect(read('mcp.queue.run')).toEqual({ all: 4 })
  await client.close()
  store.cleanup()
  stop()
  expect([read('mcp.queue.active_jobs'), read('mcp.queue.size')]).toEqual([{}, {}])
})
