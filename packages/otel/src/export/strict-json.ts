import type { ISerializer } from '@opentelemetry/otlp-transformer'

/** Fields that are 64-bit integers in OTLP's definitions and numbers in what the stock serializers write. */
const INTEGERS: ReadonlySet<string> = new Set(['intValue', 'asInt', 'count', 'zeroCount', 'bucketCounts'])

/**
 * Returns a serializer that writes 64-bit integers as strings of digits: OTLP's JSON has them so, and not every collector reads
 * others.
 */
export function strictJson<T, R>(stock: ISerializer<T, R>): ISerializer<T, R> {
  return {
    serializeRequest(items) {
      const body = stock.serializeRequest(items)
      if (body === undefined) return undefined
      const request: unknown = JSON.parse(Buffer.from(body).toString())
      return Buffer.from(
        JSON.stringify(request, (name, value: unknown) => (INTEGERS.has(name) ? asText(value) : value)),
      )
    },
    deserializeResponse: (body) => stock.deserializeResponse(body),
  }
}

function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText)
  return typeof value === 'number' ? String(value) : value
}
