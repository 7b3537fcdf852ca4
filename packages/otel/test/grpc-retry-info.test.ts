import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { retryDelayMillis } from '../src/export/grpc-retry-info.ts'

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
const bytes = (id: number, value: Uint8Array): Buffer => Buffer.from([(id << 3) | 2, ...varint(value.length), ...value])
const integer = (id: number, value: number): Buffer => Buffer.from([id << 3, ...varint(value)])
const any = (type: string, value: Uint8Array): Buffer =>
  bytes(3, Buffer.concat([bytes(1, Buffer.from(`type.googleapis.com/${type}`)), bytes(2, value)]))
const status = (...details: Buffer[]): string =>
  Buffer.concat([integer(1, 14), bytes(2, Buffer.from('later')), ...details]).toString('base64')

describe('the wait that a collector asks for by gRPC', () => {
  test('is read, whatever stands before it', () => {
    const property = fc.property(fc.nat(1e6), fc.nat(999_999_999), fc.string(), (seconds, nanos, other) => {
      const delay = bytes(1, Buffer.concat([integer(1, seconds), integer(2, nanos)]))
      const details = [any('google.rpc.ErrorInfo', Buffer.from(other)), any('google.rpc.RetryInfo', delay)]
      expect(retryDelayMillis(status(...details))).toBeCloseTo(seconds * 1000 + nanos / 1e6, 3)
    })
    expect(() => fc.assert(property)).not.toThrow()
  })

  test.each([
    ['there is no trailer', undefined],
    ['the status has no details', status()],
    ['the details are of another kind', status(any('google.rpc.ErrorInfo', Buffer.from([8, 1])))],
  ])('is none when %s', (_when, trailer) => {
    expect(retryDelayMillis(trailer)).toBeUndefined()
  })

  test('is never an error, nor less than nothing, whatever the trailer is', () => {
    const property = fc.property(
      fc.oneof(
        fc.string(),
        fc.uint8Array().map((it) => Buffer.from(it).toString('base64')),
      ),
      (it) => {
        expect(retryDelayMillis(it) ?? 0).toBeGreaterThanOrEqual(0)
      },
    )
    expect(() => fc.assert(property)).not.toThrow()
  })
})
