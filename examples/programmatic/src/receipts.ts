import { setImmediate as turn } from 'node:timers/promises'

import { registerPlugin, startExecution } from '@mcp/otel-plugin-instrumentation'
import { instrumentQueue } from '@mcp/otel-queue-instrumentation'

import { receiptSize } from './instruments.ts'
import type { Order } from './orders.ts'

const RENDER = { plugin: 'receipts', command: 'render' }

registerPlugin(RENDER.plugin, { commands: [RENDER.command] })
const queue = instrumentQueue({ plugin: RENDER.plugin })

const waiting: Order[] = []
let worker: Promise<void> | undefined

/** Puts an order in the queue of those that get a receipt. */
export function queueReceipt(order: Order): void {
  waiting.push(order)
  queue.enqueued(order.id)
  worker ??= work().finally(() => (worker = undefined))
}

/** Resolves once every receipt is written. */
export async function receiptsWritten(): Promise<void> {
  await worker
}

async function work(): Promise<void> {
  await turn()
  for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
    // The job runs in the trace of the request that queued it, and the execution within the job.
    const job = queue.started(order.id)
    const execution = startExecution(RENDER, { context: job.context })
    try {
      order.receipt = execution.run(() => render(order))
      execution.end()
      job.end()
    } catch (error) {
      execution.end({ error })
      job.end({ error })
    }
  }
}

function render({ id, item, quantity, payment }: Order): string {
  if (quantity < 1) throw new RangeError(`order ${id} is empty: there is nothing to write`)
  const receipt = `Receipt ${id}\n${quantity} x ${item}\npaid by ${payment}\n`
  receiptSize.record(Buffer.byteLength(receipt))
  return receipt
}
