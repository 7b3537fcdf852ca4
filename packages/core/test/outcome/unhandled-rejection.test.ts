import { spawnSync } from 'node:child_process'
import path from 'node:path'

import { expect, test } from 'vitest'

const PACKAGE = path.join(import.meta.dirname, '..', '..')

/** Runs a program in which `around` is our observation, or nothing at all. */
function exitOf(program: string, isObserved: boolean): { code: number | null; said: string[] } {
  const around = isObserved ? '(call) => observeCall(call, ROOT_CONTEXT, () => {})' : '(call) => call()'
  const source = `
    import { ROOT_CONTEXT } from '@opentelemetry/api'
    import { observeCall } from '@mcp/otel-core'
    const around = ${around}
    ${program}`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@mcp/source', '--no-warnings', '--input-type=module', '-e', source],
    { cwd: PACKAGE, encoding: 'utf8', timeout: 20_000 },
  )
  const errors = stderr.match(/^\w*Error: .*$/gm) ?? []
  return { code: status, said: [...stdout.split('\n'), ...errors] }
}

const programs = {
  'a rejection that nobody handles': {
    code: 1,
    source: `void around(async () => { throw new RangeError('lost') })`,
  },
  'a rejection that is handled': {
    code: 0,
    source: `around(async () => { throw new RangeError('found') }).catch((error) => console.log(error.message))`,
  },
  'a rejection that is handled late': {
    code: 0,
    source: `
      process.on('unhandledRejection', (error) => console.log('unhandled', error.message))
      process.on('rejectionHandled', () => console.log('handled after all'))
      const promise = around(async () => { throw new RangeError('late') })
      setTimeout(() => promise.catch((error) => console.log('caught', error.message)), 20)`,
  },
  'a rejection in a subclass of Promise that nobody handles': {
    code: 1,
    source: `class Task extends Promise {}; around(() => Task.reject(new RangeError('lost')))`,
  },
  'a rejection in an asynchronous generator that nobody handles': {
    code: 1,
    source: `void around(async function* () { throw new RangeError('lost') }).next()`,
  },
  'an exception that nobody catches': {
    code: 1,
    source: `around(() => { throw new RangeError('lost') })`,
  },
}

test.each(Object.entries(programs))('with %s the process ends as without us, and says the same', (_, program) => {
  const bare = exitOf(program.source, false)
  expect(bare.code).toBe(program.code)
  expect(exitOf(program.source, true)).toEqual(bare)
})
