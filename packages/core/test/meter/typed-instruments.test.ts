import { createContextKey, ROOT_CONTEXT } from '@opentelemetry/api'
import { expect, expectTypeOf, test } from 'vitest'

import { createInstruments, createMeterProvider } from '../../src/index.ts'
import type {
  BoundAdder,
  Catalogue,
  CatalogueMeterProvider,
  InstrumentSpec,
  TypedAdder,
  TypedObservable,
  TypedRecorder,
} from '../../src/index.ts'

const catalogue = {
  runs: {
    kind: 'counter',
    name: 'runs',
    unit: '{run}',
    help: 'h',
    attributes: { plugin: 'string', status: ['ok', 'error'] },
  },
  time: { kind: 'histogram', name: 'time', unit: 's', help: 'h', attributes: { plugin: 'string' } },
  level: { kind: 'gauge', name: 'level', unit: '{item}', help: 'h', attributes: {} },
  size: { kind: 'observableGauge', name: 'size', unit: '{item}', help: 'h', attributes: { plugin: 'string' } },
} as const satisfies Catalogue

const meterProvider = createMeterProvider()
const { runs, time, level, size } = createInstruments(catalogue, { scope: 'types', meterProvider })

test('instruments have the methods of their kind, with the attributes of their declaration', () => {
  expectTypeOf(runs).toEqualTypeOf<TypedAdder<{ readonly plugin: string; readonly status: 'ok' | 'error' }>>()
  expectTypeOf(time).toEqualTypeOf<TypedRecorder<{ readonly plugin: string }>>()
  expectTypeOf(size).toEqualTypeOf<TypedObservable<{ readonly plugin: string }>>()
  expectTypeOf(runs.bind({ plugin: 'a', status: 'ok' })).toEqualTypeOf<BoundAdder>()
  expectTypeOf(meterProvider).toEqualTypeOf<CatalogueMeterProvider>()
  runs.zero({ plugin: 'a' })
  runs.remove({})
  level.record(1)
  level.record(1, {}, ROOT_CONTEXT.setValue(createContextKey('k'), 1))
  expect(meterProvider.readSeries('level')).toEqual([{ attributes: {}, value: 1 }])
})

/** Never called: what is wrong in it is so to the compiler. */
const check = (): void => {
  // @ts-expect-error -- The attributes are missing.
  runs.add(1)
  // @ts-expect-error -- One attribute is missing.
  runs.add(1, { plugin: 'a' })
  // @ts-expect-error -- Not one of the closed set.
  runs.add(1, { plugin: 'a', status: 'OK' })
  // @ts-expect-error -- Not declared.
  runs.add(1, { plugin: 'a', status: 'ok', user: 'u' })
  // @ts-expect-error -- A label is a string.
  time.record(1, { plugin: 5 })
  // @ts-expect-error -- Histograms record.
  time.add(1, { plugin: 'a' })
  // @ts-expect-error -- Observables are observed.
  size.record(1, { plugin: 'a' })
  // @ts-expect-error -- The attributes are missing.
  size.observe((observe) => observe(1))
  // @ts-expect-error -- Not declared.
  runs.remove({ plugn: 'a' })
}

test('a wrong attribute or value does not compile', () => {
  expect(check).toBeTypeOf('function')
})

test('a catalogue with a kind or an attribute that cannot be does not compile', () => {
  // @ts-expect-error -- No such kind.
  const kind: InstrumentSpec = { kind: 'summary', name: 'n', unit: '1', help: 'h', attributes: {} }
  // @ts-expect-error -- An attribute takes 'string' or a list of strings.
  const attribute: InstrumentSpec = { kind: 'counter', name: 'n', unit: '1', help: 'h', attributes: { a: 'number' } }
  expect([kind, attribute]).toHaveLength(2)
})

test('a method that somebody wraps is the one that is called, whether it was called before or not', () => {
  const provider = createMeterProvider()
  const { wrapped } = createInstruments(
    {
      wrapped: { kind: 'counter', name: 'wrapped', unit: '{run}', help: 'h', attributes: { plugin: 'string' } },
    } as const,
    { scope: 's', meterProvider: provider },
  )
  for (let i = 0; i < 2; i++) {
    const add = wrapped.add.bind(wrapped)
    wrapped.add = (value, attributes) => add(value * 10, attributes)
    wrapped.add(1, { plugin: 'a' })
  }
  expect(provider.readSeries('wrapped')).toEqual([{ attributes: { plugin: 'a' }, value: 110 }])
})
