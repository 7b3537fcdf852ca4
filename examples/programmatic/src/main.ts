import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

import { trace } from '@opentelemetry/api'

import { placed, stock } from './instruments.ts'
import { type Order, parseOrder } from './orders.ts'
import { queueReceipt, receiptsWritten } from './receipts.ts'
import { telemetry } from './telemetry.ts'

const orders = new Map<string, Order>()
const inStock = new Map([
  ['lamp', 12],
  ['kettle', 7],
])
for (const [item, count] of inStock) stock.record(count, { item })

telemetry.health.check('stock', () => {
  const missing = [...inStock].filter(([, count]) => count <= 0).map(([item]) => item)
  return missing.length === 0 ? 'healthy' : { status: 'degraded', message: `out of stock: ${missing.join(', ')}` }
})

const server = createServer((request, response) => {
  if (telemetry.handler(request, response)) return
  void answer(request, response).catch((error: Error) => send(response, 400, { error: error.message }))
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '/' } = request
  const id = /^\/orders\/([^/?]+)$/.exec(url)?.[1]
  if (method === 'POST' && url === '/orders') return send(response, 202, place(await text(request)))
  const order = method === 'GET' && id !== undefined ? orders.get(id) : undefined
  return order === undefined ? send(response, 404, { error: 'not found' }) : send(response, 200, order)
}

function place(body: string): Order {
  return trace.getTracer('orders').startActiveSpan('place order', (span) => {
    try {
      const order = parseOrder(String(orders.size + 1), body)
      orders.set(order.id, order)
      const left = (inStock.get(order.item) ?? 0) - order.quantity
      inStock.set(order.item, left)
      stock.record(left, { item: order.item })
      placed.add(1, { payment: order.payment })
      queueReceipt(order)
      return order
    } finally {
      span.end()
    }
  })
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1')
await once(server, 'listening')
console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)

await once(process, 'SIGTERM')
await telemetry.health.drain()
server.close()
await receiptsWritten()
await telemetry.shutdown()
