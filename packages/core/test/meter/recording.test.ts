import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'

import { createInstruments, createMeterProvider } from '../../src/index.ts'
import { Gate } from '../../src/meter/gate.ts'
import { InstrumentStore } from '../../src/meter/instrument-store.ts'
import { LabelTrees } from '../../src/meter/label-index.ts'
import { Notices } from '../../src/meter/notices.ts'
import { compiledRecording, interpretedRecording } from '../../src/meter/recording.ts'
import { createWrite } from '../../src/meter/write.ts'

function setUp(create: typeof compiledRecording, optional: readonly string[] = []) {
  const owner = { notices: new Notices(), seriesLimit: 5, labelTrees: new LabelTrees() }
  const attributes = { 'a"b': 'string', "c'\\": ['x', 'y'], constructor: 'string' } as const
  const store = new InstrumentStore({ kind: 'counter', name: 'c', unit: '1', help: 'h', attributes, optional }, owner)
  const record = create(store, new Gate(), createWrite(store))
  if (record === undefined) throw new Error('this process allows no code from strings')
  const state = (): unknown => [
    store.cells.attributes.map((set, row) => [set, store.cells.slab(row)[store.cells.offset(row) + 2]]),
    [...store.refusals.counts],
    store.overflowed,
  ]
  return { record, state }
}

const value = fc.oneof(fc.constantFrom('x', 'y', 'z', '', '__proto__'), fc.anything({ withBigInt: true }))
const attributes = fc.oneof(
  { weight: 9, arbitrary: fc.record({ 'a"b': value, "c'\\": fc.constantFrom('x', 'y', 'z'), constructor: value }) },
  { weight: 1, arbitrary: fc.anything() },
)

test('the compiled look-up and the interpreted one do the same with any attributes', () => {
  fc.assert(
    fc.property(fc.array(attributes, { maxLength: 30, size: 'max' }), (records) => {
      const [compiled, interpreted] = [setUp(compiledRecording), setUp(interpretedRecording)]
      for (const each of records) {
        compiled.record(1, each as never)
        interpreted.record(1, each as never)
      }
      expect(compiled.state()).toEqual(interpreted.state())
    }),
  )
})

test('the compiled look-up and the interpreted one do the same where attributes are left out, whether they may be or not', () => {
  const left = fc.record({ 'a"b': value, "c'\\": fc.constantFrom('x', 'y'), constructor: value }, { requiredKeys: [] })
  const optional = fc.subarray(['a"b', 'constructor'])
  fc.assert(
    fc.property(optional, fc.array(left, { maxLength: 30, size: 'max' }), (ofBoth, records) => {
      const [compiled, interpreted] = [setUp(compiledRecording, ofBoth), setUp(interpretedRecording, ofBoth)]
      // What `Object` has by birth is there, too, where nothing else is said.
      for (const each of records.map((record) => Object.assign(Object.create(null), record) as never)) {
        compiled.record(1, each)
        interpreted.record(1, each)
      }
      expect(compiled.state()).toEqual(interpreted.state())
    }),
  )
})

test('a series without an optional attribute is found like any other, and one that lacks another attribute is not', () => {
  const owner = { notices: new Notices(), seriesLimit: 5, labelTrees: new LabelTrees() }
  const described = { unit: '1', help: 'h', attributes: { plugin: 'string', error: 'string' } } as const
  const withOptional = new InstrumentStore({ kind: 'counter', name: 'c', ...described, optional: ['error'] }, owner)
  const without = new InstrumentStore({ kind: 'counter', name: 'd', ...described }, owner)
  const sought = vi.spyOn(withOptional, 'knownRow')
  const madeOrRefused = vi.spyOn(withOptional, 'newRow')
  for (const [create, seeks] of [
    [compiledRecording, 0],
    [interpretedRecording, 4],
  ] as const) {
    const [record, recordWithout] = [withOptional, without].map((store) => {
      const made = create(store, new Gate(), createWrite(store))
      made?.(1, { plugin: 'a', error: '' })
      return made
    })
    sought.mockClear()
    madeOrRefused.mockClear()
    for (const error of [undefined, null, '']) record?.(1, { plugin: 'a', error })
    record?.(1, { plugin: 'a' })
    recordWithout?.(1, { plugin: 'a' })
    expect([sought.mock.calls.length, madeOrRefused.mock.calls.length]).toEqual([seeks, 0])
  }
  const totals = [withOptional, without].map(({ cells }) => [cells.live, cells.slab(0)[cells.offset(0) + 2]])
  expect(totals).toEqual([
    [1, 10],
    [1, 2],
  ])
  expect([...without.refusals.counts]).toEqual([['missing_attribute', 2]])
  expect([...withOptional.refusals.counts]).toEqual([])
})

test('an attribute that is missing throws nothing where a series of fewer attributes ends', () => {
  const meterProvider = createMeterProvider()
  const described = { unit: '1', help: 'h' } as const
  const { counts, more } = createInstruments(
    {
      counts: { kind: 'counter', name: 'counts', ...described, attributes: { plugin: 'string' } },
      more: { kind: 'counter', name: 'more', ...described, attributes: { plugin: 'string', status: 'string' } },
    } as const,
    { scope: 's', meterProvider },
  )
  counts.add(1, { plugin: 'a' })
  more.add(1, { plugin: 'a' } as never)
  more.add(1, { plugin: 'a', status: 'x' })
  expect(meterProvider.readSeries('more')).toEqual([{ attributes: { plugin: 'a', status: 'x' }, value: 1 }])
})

test('where the process forbids code from strings, instruments work all the same', async () => {
  const source = fileURLToPath(new URL('../../src/index.ts', import.meta.url))
  const program = `
    import { createInstruments, createMeterProvider } from ${JSON.stringify(source)}
    const meterProvider = createMeterProvider()
    const runs = { kind: 'counter', name: 'runs', unit: '{run}', help: 'h', attributes: { plugin: 'string' } }
    const instruments = createInstruments({ runs }, { scope: 's', meterProvider })
    instruments.runs.add(2, { plugin: 'a' })
    instruments.runs.add(3, { plugin: 'a' })
    console.log(JSON.stringify(meterProvider.readSeries('runs')))`
  const flags = ['--disallow-code-generation-from-strings', '--conditions=@mcp/source', '--input-type=module']
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, '--eval', program])
  expect([stdout.trim(), stderr]).toEqual(['[{"attributes":{"plugin":"a"},"value":5}]', ''])
})

const anyNumber = fc.oneof(
  { weight: 5, arbitrary: fc.double({ min: -1, max: 40 }) },
  { weight: 3, arbitrary: fc.integer({ min: -2, max: 40 }) },
  { weight: 1, arbitrary: fc.anything({ withBigInt: true }) },
)
const bounds = fc.uniqueArray(fc.double({ min: 0, max: 32, noNaN: true }), { maxLength: 20 })

test('the compiled writer and the interpreted one put any value into the same row, and refuse the same', () => {
  const kind = fc.constantFrom('counter', 'upDownCounter', 'gauge', 'histogram')
  fc.assert(
    fc.property(kind, bounds, fc.array(anyNumber, { maxLength: 30 }), (ofKind, unsorted, values) => {
      const buckets = unsorted.toSorted((a, b) => a - b)
      const states = [compiledRecording, interpretedRecording].map((create) => {
        const owner = { notices: new Notices(), seriesLimit: 5, labelTrees: new LabelTrees() }
        const described = { name: 'c', unit: '1', help: 'h', attributes: { plugin: 'string' } } as const
        const store = new InstrumentStore(
          ofKind === 'histogram' ? { kind: ofKind, ...described, buckets } : { kind: ofKind, ...described },
          owner,
        )
        const record = create(store, new Gate(), createWrite(store))
        for (const each of values) record?.(each as number, { plugin: 'a' })
        // All but when it began.
        const numbers = [...(store.cells.slabs[0] ?? [])].slice(2, store.cells.stride)
        return [numbers, store.cells.live, [...store.refusals.counts], store.exemplars.looks]
      })
      expect(states[0]).toEqual(states[1])
    }),
  )
})

test('handles work the same where the process forbids code from strings', async () => {
  const source = fileURLToPath(new URL('../../src/index.ts', import.meta.url))
  const program = `
    import { createInstruments, createMeterProvider } from ${JSON.stringify(source)}
    const meterProvider = createMeterProvider()
    const common = { unit: 's', help: 'h', attributes: { plugin: 'string' } }
    const catalogue = {
      runs: { kind: 'counter', name: 'runs', ...common },
      took: { kind: 'histogram', name: 'took', ...common, buckets: [1, 2] },
      size: { kind: 'gauge', name: 'size', ...common },
    }
    const { runs, took, size } = createInstruments(catalogue, { scope: 's', meterProvider })
    const [run, time, gauge] = [runs, took, size].map((instrument) => instrument.bind({ plugin: 'a' }))
    for (let i = 0; i < 3; i++) {
      run.add(2)
      run.add(-1)
      time.record(1.5)
      gauge.record(i)
      gauge.record(NaN)
      if (i === 1) for (const instrument of [runs, took, size]) instrument.remove({})
    }
    console.log(JSON.stringify(['runs', 'took', 'size'].map((name) => meterProvider.readSeries(name)[0].value)))`
  const flags = ['--conditions=@mcp/source', '--input-type=module']
  const run = async (...more: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [...more, ...flags, '--eval', program])).stdout.trim()
  const expected = [
    2,
    { buckets: { boundaries: [1, 2], counts: [0, 1, 0] }, sum: 1.5, count: 1, min: 1.5, max: 1.5 },
    2,
  ]
  expect(await Promise.all([run(), run('--disallow-code-generation-from-strings')])).toEqual([
    JSON.stringify(expected),
    JSON.stringify(expected),
  ])
})
