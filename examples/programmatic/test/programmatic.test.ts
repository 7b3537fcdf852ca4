import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess } from '../../../test/support/app-process.ts'
import { scrapeUntil } from '../../../test/support/scrape.ts'

const main = path.join(path.dirname(import.meta.dirname), 'src/main.ts')

async function startShop(): Promise<{ app: AppProcess; url: string }> {
  const app = new AppProcess([main], { env: { PORT: '0' } })
  const [, url = ''] = await app.sees(/^listening on (\S+)/m)
  return { app, url }
}

async function order(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/orders`, { method: 'POST', body: JSON.stringify(body) })
  return { status: response.status, body: await response.json() }
}

interface PrintedSpan {
  readonly traceId: string
  readonly id: string
  readonly parentId: string | undefined
  readonly name: string
}

/** The spans that the app's own exporter has printed. */
function printedSpans(stdout: string): PrintedSpan[] {
  return stdout.split(/(?=^\{$)/m).flatMap((block) => {
    const value = (key: string): string | undefined => new RegExp(`^ {2}${key}: '([^']*)'`, 'm').exec(block)?.[1]
    const [traceId, id, name] = [value('traceId'), value('id'), value('name')]
    if (traceId === undefined || id === undefined || name === undefined) return []
    const parentId = /parentSpanContext: \{[^}]*spanId: '(\w+)'/s.exec(block)?.[1]
    return [{ traceId, id, parentId, name }]
  })
}

test('orders, their receipts and their stock are on /metrics, exactly', async () => {
  const { app, url } = await startShop()
  await using _app = app
  expect(await order(url, { item: 'lamp', quantity: 2, payment: 'card' })).toMatchObject({
    status: 202,
    body: { id: '1' },
  })
  expect((await order(url, { item: 'kettle', quantity: 1, payment: 'card' })).status).toBe(202)
  expect((await order(url, { item: 'kettle', quantity: 0, payment: 'card' })).status).toBe(202)
  expect(await order(url, { item: 'kettle', quantity: 1, payment: 'shells' })).toEqual({
    status: 400,
    body: { error: 'payment must be card or invoice' },
  })
  expect((await fetch(`${url}/orders/99`)).status).toBe(404)
  expect((await fetch(`${url}/favicon.ico`)).status).toBe(404)

  const total = '{plugin="receipts",status="error"}'
  const page = await scrapeUntil(url, (seen) => seen.of('mcp_queue_jobs_total')[total] === 1)
  expect(page.of('orders_placed_total')).toEqual({ '{payment="card"}': 3, '{payment="invoice"}': 0 })
  expect(page.of('orders_stock')).toEqual({ '{item="lamp"}': 10, '{item="kettle"}': 6 })
  expect(page.of('orders_receipt_size_bytes_count')).toEqual({ '': 2 })
  expect(page.of('mcp_plugin_executions_total')).toEqual({
    '{plugin="receipts",command="render",status="success"}': 2,
    '{plugin="receipts",command="render",status="error"}': 1,
    '{plugin="receipts",command="render",status="timeout"}': 0,
    '{plugin="receipts",command="render",status="cancelled"}': 0,
  })
  expect(page.of('mcp_queue_wait_seconds_count')).toEqual({ '{plugin="receipts"}': 3 })
  expect(page.of('mcp_requests_total')).toMatchObject({
    '{method="POST",endpoint="/orders",status="202"}': 3,
    '{method="POST",endpoint="/orders",status="400"}': 1,
    '{method="GET",endpoint="/orders/:id",status="404"}': 1,
    '{method="GET",endpoint="unmatched",status="404"}': 1,
  })
})

test('one order is one trace, printed by the app’s own exporter with the app’s own resource', async () => {
  const { app, url } = await startShop()
  await using _app = app
  expect((await order(url, { item: 'lamp', quantity: 1, payment: 'invoice' })).status).toBe(202)
  const receipt = async (): Promise<unknown> => (await fetch(`${url}/orders/1`)).json()
  await expect.poll(receipt).toMatchObject({ receipt: 'Receipt 1\n1 x lamp\npaid by invoice\n' })
  await app.sees(/name: 'receipts render'/)
  await app.sees(/name: 'POST \/orders'/)
  await app.sees(/'deployment.environment.name': 'example'/)

  const spans = printedSpans(app.stdout)
  const find = (name: string): PrintedSpan | undefined => spans.find((span) => span.name === name)
  const [request, placing, render] = [find('POST /orders'), find('place order'), find('receipts render')]
  expect(placing).toMatchObject({ traceId: request?.traceId, parentId: request?.id })
  expect(render?.traceId).toBe(request?.traceId)
})

test('health has the app’s own check, and turns degraded when that does', async () => {
  const { app, url } = await startShop()
  await using _app = app
  const health = async (): Promise<unknown> => (await fetch(`${url}/health`)).json()
  expect(await health()).toMatchObject({
    version: '1.4.0',
    checks: { stock: { status: 'healthy' } },
  })
  await order(url, { item: 'kettle', quantity: 7, payment: 'card' })
  await expect
    .poll(health, { timeout: 10_000 })
    .toMatchObject({ status: 'degraded', checks: { stock: { status: 'degraded', message: 'out of stock: kettle' } } })
})

test('SIGTERM writes the receipts that are left, and ends with 0', async () => {
  const { app, url } = await startShop()
  await using _app = app
  const orders = Array.from({ length: 20 }, () => order(url, { item: 'lamp', quantity: 1, payment: 'card' }))
  await Promise.all(orders)
  expect(await app.stop('SIGTERM')).toEqual({ code: 0, signal: null })
  await expect.poll(() => printedSpans(app.stdout).filter(({ name }) => name === 'receipts render')).toHaveLength(20)
})
