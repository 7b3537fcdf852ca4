import { type Catalogue, createInstruments } from '@mcp/otel-core'

import { telemetry } from './telemetry.ts'

/** Metrics of the app's own, as plain data: a wrong label or value is a compile error. */
export const orderInstruments = {
  placed: {
    kind: 'counter',
    name: 'orders.placed',
    unit: '{order}',
    help: 'Total number of orders placed',
    attributes: { payment: ['card', 'invoice'] },
  },
  stock: {
    kind: 'gauge',
    name: 'orders.stock',
    unit: '{item}',
    help: 'Items in stock',
    attributes: { item: 'string' },
  },
} as const satisfies Catalogue

export const { placed, stock } = createInstruments(orderInstruments, { scope: 'orders', version: '1.4.0' })
// Both ways of paying are on the page before anyone has paid.
placed.zero()

/** OpenTelemetry's API works as ever; its global meters, too, but only those made after `start()`. */
export const receiptSize = telemetry.meterProvider.getMeter('orders').createHistogram('orders.receipt.size', {
  unit: 'By',
  description: 'Size of the receipts',
  advice: { explicitBucketBoundaries: [50, 100, 200, 400] },
})
