import { createServer, get } from 'node:http'
import type { IncomingMessage } from 'node:http'

import { createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Context, Span } from '@opentelemetry/api'
import { array, assert, constantFrom, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'

import { RequestContext } from '../src/request-context.ts'
import { createRpcMetadata, getRpcMetadata } from '../src/rpc-metadata.ts'
import { observe } from './support/observation.ts'
import { listen } from './support/servers.ts'

const span = (id: string): Span => trace.wrapSpanContext({ traceId: id, spanId: id, traceFlags: 0 })
const mine = span('1')
const metadata = createRpcMetadata(mine)
const KEYS = [createContextKey('a'), createContextKey('b')] as const
const RPC = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA')

const read = (context: Context) => [
  ...[...KEYS, RPC].map((key) => context.getValue(key)),
  trace.getSpan(context)?.spanContext(),
  getRpcMetadata(context)?.span.spanContext(),
]

test('the context of a request is one like any other, however it is built upon', () => {
  const steps: Record<string, (context: Context) => Context> = {
    'set a': (context) => context.setValue(KEYS[0], 1),
    'set b': (context) => context.setValue(KEYS[1], 2),
    'delete a': (context) => context.deleteValue(KEYS[0]),
    'set the span': (context) => trace.setSpan(context, span('2')),
    'delete the span': (context) => trace.deleteSpan(context),
    'set the metadata': (context) => context.setValue(RPC, 'theirs'),
    'delete the metadata': (context) => context.deleteValue(RPC),
  }
  const names = array(constantFrom(...Object.keys(steps)), { maxLength: 6 })
  assert(
    property(tuple(names, names), ([before, after]) => {
      const parent = before.reduce((context, name) => steps[name]!(context), ROOT_CONTEXT)
      const ours = new RequestContext(parent, mine, metadata)
      const plain = trace.setSpan(parent, mine).setValue(RPC, metadata)
      expect(read(after.reduce((context, name) => steps[name]!(context), ours as Context))).toEqual(
        read(after.reduce((context, name) => steps[name]!(context), plain)),
      )
      expect(read(ours)).toEqual(read(plain))
    }),
  )
})

test('a message that is no request of a server keeps the properties that Express gives to requests', async () => {
  const seen = observe()
  const port = await listen(createServer((_req, res) => res.end()))
  const answer = await new Promise<IncomingMessage>((resolve) => get({ port, host: '127.0.0.1' }, resolve))
  answer.resume()
  await seen.ended(1)
  const theirs = Object.assign(answer, { baseUrl: '/there' })
  expect([theirs.baseUrl, Object.keys(theirs).includes('baseUrl')]).toEqual(['/there', true])
  theirs.baseUrl = '/elsewhere'
  expect(theirs.baseUrl).toBe('/elsewhere')
})
