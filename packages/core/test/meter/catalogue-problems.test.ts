import { expect, test } from 'vitest'

import {
  catalogueProblems,
  createInstruments,
  createMeterProvider,
  errorInstruments,
  telemetryInstruments,
} from '../../src/index.ts'
import type { Catalogue, InstrumentSpec } from '../../src/index.ts'
import { collectWarnings } from './diagnostics.ts'
import { collectPoints, valueOf } from './points.ts'

const warnings = collectWarnings()
const sound: InstrumentSpec = { kind: 'counter', name: 'test.sound', unit: '{item}', help: 'h', attributes: {} }

test.each<[string, object, string]>([
  ['an unknown kind', { kind: 'summary' }, 'kind is "summary"; expected one of counter, upDownCounter'],
  [
    'a name with a space',
    { name: 'my metric' },
    'name is "my metric"; expected a letter and up to 254 of A-Z a-z 0-9 _ . - /',
  ],
  ['a name that begins with a digit', { name: '4xx' }, 'name is "4xx"; expected a letter'],
  ['no name', { name: undefined }, 'name is undefined; expected a letter'],
  ['a unit in words', { unit: 'bytes' }, 'unit is "bytes"; expected "By"'],
  [
    'a unit that is none',
    { unit: 'per thing' },
    'unit is "per thing"; expected a UCUM unit such as s, By, 1 or {request}',
  ],
  ['no help', { help: ' ' }, 'help is " "; expected a sentence'],
  ['no attributes', { attributes: null }, 'attributes is null; expected an object, {} for none'],
  ['a reserved attribute', { attributes: { __name__: 'string' } }, 'attribute "__name__" has a reserved name'],
  [
    'two attributes that are one label',
    { attributes: { 'a.b': 'string', a_b: 'string' } },
    'attributes "a.b" and "a_b" are both the label a_b',
  ],
  ['an empty set', { attributes: { a: [] } }, `attribute "a" takes []; expected 'string' or a list of strings`],
  [
    'a set of numbers',
    { attributes: { a: [200] } },
    `attribute "a" takes [200]; expected 'string' or a list of strings`,
  ],
  ['a value twice', { attributes: { a: ['x', 'x'] } }, 'attribute "a" has a value twice: x, x'],
  ['buckets of a counter', { buckets: [1] }, 'buckets are given for a counter; expected them for a histogram only'],
  [
    'buckets that fall',
    { kind: 'histogram', buckets: [1, 0.5] },
    'buckets are [1,0.5]; expected finite upper bounds, ascending, without +Inf',
  ],
  [
    'infinite buckets',
    { kind: 'histogram', buckets: [1, Infinity] },
    'buckets are [1,null]; expected finite upper bounds',
  ],
])('%s is a mistake', (_, wrong, message) => {
  const problems = catalogueProblems({ key: { ...sound, ...wrong } })
  expect(problems.get('key')).toHaveLength(1)
  expect(problems.get('key')?.[0]).toContain(message)
})

test('two instruments with one name in Prometheus are a mistake of the second', () => {
  const problems = catalogueProblems({
    first: sound,
    second: { ...sound, name: 'test_sound_total' },
    third: { ...sound, kind: 'gauge' },
  })
  expect([...problems]).toEqual([
    ['second', ['name "test_sound_total" is test_sound_total in Prometheus, as is that of first']],
  ])
})

test('what is no instrument at all is a mistake like others', () => {
  expect([...catalogueProblems({ key: null } as unknown as Catalogue)]).toEqual([
    ['key', ['is null; expected an instrument']],
  ])
})

test('the catalogues of this package have no mistakes', () => {
  expect(catalogueProblems({ ...errorInstruments, ...telemetryInstruments }).size).toBe(0)
})

test('instruments with mistakes do nothing and are said together; the others work', async () => {
  const meterProvider = createMeterProvider()
  const catalogue = {
    good: sound,
    bad: { ...sound, name: 'bad name' },
    worse: { kind: 'observableGauge', name: 'worse', unit: 'seconds', help: '', attributes: {} },
  } as unknown as {
    good: { kind: 'counter' } & InstrumentSpec
    bad: { kind: 'counter' } & InstrumentSpec
    worse: { kind: 'observableGauge' } & InstrumentSpec
  }
  const { good, bad, worse } = createInstruments(catalogue, { scope: 'my-package', meterProvider })
  good.add(1, {})
  bad.add(1, {})
  bad.bind({}).add(1)
  bad.zero({})
  bad.remove({})
  worse.observe((observe) => observe(1, {}))()
  const points = await collectPoints(meterProvider.producer())
  expect(valueOf(points, 'test.sound')).toBe(1)
  expect(points.has('bad name') || points.has('worse')).toBe(false)
  expect(warnings).toEqual([
    `the catalogue of my-package has mistakes; these instruments record nothing:
  bad: name is "bad name"; expected a letter and up to 254 of A-Z a-z 0-9 _ . - /
  worse: unit is "seconds"; expected "s"
  worse: help is ""; expected a sentence`,
  ])
})

test('a second, different declaration of a name in the same scope is said; the first stands', async () => {
  const meterProvider = createMeterProvider()
  const first = createInstruments({ a: sound } as const, { scope: 's', meterProvider })
  createInstruments({ a: { ...sound, help: 'other' } } as const, { scope: 's', meterProvider })
  const other = createInstruments({ a: { ...sound, kind: 'gauge' } as const }, { scope: 's', meterProvider })
  ;(first.a as unknown as { add(value: number): void }).add(1)
  other.a.record(5, {})
  expect(valueOf(await collectPoints(meterProvider.producer()), 'test.sound')).toBe(1)
  expect(warnings).toEqual([
    'test.sound is declared twice in scope s and not alike; the first declaration stands',
    'scope s has no gauge test.sound in its catalogue (it is a counter); it records nothing: declare it in the catalogue',
  ])
})
