import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { expect, test } from 'vitest'

import { captured } from '../src/capture.ts'
import { cancellationOutcome, rejectionOutcome, sendFailure } from '../src/outcome-of.ts'
import { peerAttributes } from '../src/peer-attributes.ts'
import { protocolVersionOf } from '../src/protocol-version.ts'

const redact = (value: unknown): unknown => value

test.each([
  ['Request timed out', 'timeout'],
  ['timeout', 'timeout'],
  ['TimedOut', 'timeout'],
  ['no longer needed', 'cancelled'],
  [undefined, 'cancelled'],
])('a request that is given up because of %o is a %s', (reason, status) => {
  expect(cancellationOutcome(reason)).toMatchObject({ status })
})

test.each([
  [400, false],
  [499, false],
  [500, true],
  [503, true],
])('a refusal with %i of HTTP is a failure: %s', (status, isFailure) => {
  const answer = { error: { code: -32000, message: 'no' } }
  expect(rejectionOutcome(answer, -32000, status)).toMatchObject({ isFailure, code: -32000 })
})

test('what is not sent because it was given up is cancelled, and no failure', () => {
  expect(sendFailure(new DOMException('given up', 'AbortError'))).toMatchObject({
    status: 'cancelled',
    isFailure: false,
  })
  expect(sendFailure(new RangeError('too long'))).toMatchObject({ errorType: 'RangeError', isFailure: true })
})

test.each([
  [
    { 'client.address': '203.0.113.9', 'network.peer.address': '10.0.0.1', 'network.peer.port': 5 },
    { 'client.address': '203.0.113.9' },
  ],
  [
    { 'network.peer.address': '10.0.0.1', 'network.peer.port': 5, 'network.protocol.version': '2' },
    { 'client.address': '10.0.0.1', 'client.port': 5, 'network.protocol.version': '2' },
  ],
  [
    { 'client.address': '203.0.113.9', 'client.port': 7, 'network.peer.address': '10.0.0.1', 'network.peer.port': 5 },
    { 'client.address': '203.0.113.9', 'client.port': 7 },
  ],
  [{}, {}],
])('of the HTTP request with %o the message tells %o', (attributes, expected) => {
  const span = Object.assign(trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 }), { attributes })
  expect(peerAttributes(trace.setSpan(ROOT_CONTEXT, span))).toEqual(expected)
})

test('the revision that a message names goes before that of its request', () => {
  const named = { params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } }
  const extra = { requestInfo: { headers: { 'mcp-protocol-version': '2025-06-18' } } }
  expect([protocolVersionOf(named, extra), protocolVersionOf({}, extra)]).toEqual(['2026-07-28', '2025-06-18'])
})

test('content is cut beyond its length alone, and never within a character', () => {
  expect(captured('x'.repeat(38), { redact, maxLength: 40 })).toBe(`"${'x'.repeat(38)}"`)
  expect(captured(`${'x'.repeat(38)}\u{1F600}`, { redact, maxLength: 40 })).toBe(`"${'x'.repeat(38)}\uFFFD…`)
})
