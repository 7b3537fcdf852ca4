/** What somebody ordered. */
export interface Order {
  readonly id: string
  readonly item: string
  readonly quantity: number
  readonly payment: 'card' | 'invoice'
  receipt?: string
}

/** Reads an order out of a request's body; throws what is wrong with it. */
export function parseOrder(id: string, body: string): Order {
  const { item, quantity, payment } = JSON.parse(body) as Record<string, unknown>
  if (typeof item !== 'string' || item === '') throw new TypeError('item must be a text')
  if (typeof quantity !== 'number' || !Number.isInteger(quantity)) throw new TypeError('quantity must be an integer')
  if (payment !== 'card' && payment !== 'invoice') throw new TypeError('payment must be card or invoice')
  return { id, item, quantity, payment }
}
