import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { createInstruments, createMeterProvider } from '../../src/index.ts'
import { Gate } from '../../src/meter/gate.ts'
import { InstrumentStore } from '../../src/meter/instrument-store.ts'
import { LabelTrees } from '../../src/meter/label-index.ts'
import { Notices } from '../../src/meter/notices.ts'
import { compiledRecording, interpretedRecording } from '../../src/meter/recording.ts'
import { createWrite } from '../../src/meter/write.ts'

function setUp(create: typeof compiledRecording) {
  const owner = { notices: new Notices(), seriesLimit: 5, labelTrees: new LabelTrees() }
  const attributes = { 'a"b': 'string', "c'\\": ['x', 'y'], constructor: 'string' } as const
  const store = new InstrumentStore({ kind: 'counter', name: 'c', unit: '1', help: 'h', attributes }, owner)
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
