import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Context, Span } from '@opentelemetry/api'
import { array, assert, constantFrom, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'

import { layContext } from '../src/index.ts'

const KEYS = [createContextKey('a'), createContextKey('b'), createContextKey('c')] as const
const [A, B, C] = KEYS
const span = (id: string): Span => trace.wrapSpanContext({ traceId: id, spanId: id, traceFlags: 0 })

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Steps that both take, and those that one takes by layers and the other by the API alone. */
const common: Record<string, (context: Context) => Context> = {
  'set a': (context) => context.setValue(A, 'a'),
  'set b': (context) => context.setValue(B, 'b'),
  'delete a': (context) => context.deleteValue(A),
  'delete b': (context) => context.deleteValue(B),
  'set the span': (context) => trace.setSpan(context, span('set')),
  'delete the span': (context) => trace.deleteSpan(context),
}
const layered: Record<string, (context: Context) => Context> = {
  'lay a span': (context) => layContext(context, span('laid')),
  'lay a span with a': (context) => layContext(context, span('with a'), A, 'laid a'),
  'lay a span with b': (context) => layContext(context, span('with b'), B, 'laid b'),
  'lay no span with a': (context) => layContext(context, undefined, A, 'alone'),
}
const plain: typeof layered = {
  'lay a span': (context) => trace.setSpan(context, span('laid')),
  'lay a span with a': (context) => trace.setSpan(context, span('with a')).setValue(A, 'laid a'),
  'lay a span with b': (context) => trace.setSpan(context, span('with b')).setValue(B, 'laid b'),
  'lay no span with a': (context) => trace.deleteSpan(context).setValue(A, 'alone'),
}
const names = array(constantFrom(...Object.keys(common), ...Object.keys(layered)), { maxLength: 10 })

const read = (context: Context) => [...KEYS.map((key) => context.getValue(key)), trace.getSpanContext(context)]

test('a layered context is one like any other, however it is built upon', () => {
  assert(
    property(tuple(names, names), ([first, second]) => {
      const build = (own: typeof layered, from: Context, steps: readonly string[]): Context =>
        steps.reduce((context, name) => (own[name] ?? common[name])!(context), from)
      const start = ROOT_CONTEXT.setValue(C, 'c')
      const [ours, theirs] = [build(layered, start, first), build(plain, start, first)]
      expect(read(ours)).toEqual(read(theirs))
      expect(read(build(layered, ours, second))).toEqual(read(build(plain, theirs, second)))
      expect(read(ours)).toEqual(read(theirs))
    }),
  )
})

test('a layer over a layer keeps neither the span below it nor its value', async () => {
  const laid: WeakRef<object>[] = []
  let context: Context = ROOT_CONTEXT
  for (let index = 0; index < 100; index++) {
    const [mine, value] = [span(String(index)), { index }]
    laid.push(new WeakRef(mine), new WeakRef(value))
    context = index % 10 === 0 ? trace.setSpan(context, mine) : layContext(context, mine, index % 2 ? A : B, value)
  }
  // What a weak reference has given stays alive until the turn has ended.
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  expect(laid.filter((kept) => kept.deref() !== undefined).length).toBeLessThan(10)
  expect(trace.getSpanContext(context)?.spanId).toBe('99')
})
