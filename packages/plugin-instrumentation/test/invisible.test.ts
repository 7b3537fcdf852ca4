import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'

import { play, program } from '../../core/test/outcome/random-program.ts'
import { instrumentCommand, instrumentPlugin, listPlugins, withExecution } from '../src/index.ts'
import { createOwnTelemetry, createTelemetry, registerContext, unregisterContext } from './support/telemetry.ts'

const name = { plugin: 'random', command: 'c' }
const steady = fc.array(
  program.filter(({ kind }) => kind !== 'asyncGenerator'),
  { minLength: 1, maxLength: 5 },
)

describe.each([
  ['without an SDK', () => ({}), () => {}],
  ["with the project's meters and official traces", createOwnTelemetry, registerContext],
  ['with the official SDK', createTelemetry, registerContext],
])('%s', (_, createOptions, register) => {
  afterAll(unregisterContext)

  test('commands do, give and throw the same in the same order, by each way to measure them', async () => {
    register()
    await fc.assert(
      fc.asyncProperty(steady, async (programs) => {
        const options = createOptions()
        const bare = await play(programs, (call) => call())
        expect(await play(programs, (call) => withExecution(name, call, options))).toEqual(bare)
        expect(await play(programs, (call) => instrumentCommand(call, { ...name, ...options })())).toEqual(bare)
        const byPlugin = await play(programs, (call) =>
          instrumentPlugin({ c: call }, { name: 'random', ...options }).c(),
        )
        expect(byPlugin).toEqual(bare)
        const [random] = listPlugins(options)
        expect(random?.active).toBe(0)
        expect(random?.executions.cancelled).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  test('each was counted once, by its end', async () => {
    const options = createOptions()
    const before = listPlugins(options)[0]?.executions ?? { success: 0, error: 0 }
    await fc.assert(
      fc.asyncProperty(steady, async (programs) => {
        const start = { ...before, ...listPlugins(options)[0]?.executions }
        await play(programs, (call) => withExecution(name, call, options))
        const failures = programs.filter(({ fails }) => fails).length
        expect(listPlugins(options)[0]?.executions).toMatchObject({
          error: start.error + failures,
          success: start.success + programs.length - failures,
        })
      }),
      { numRuns: 40 },
    )
  })
})
