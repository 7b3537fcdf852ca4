import { execFileSync } from 'node:child_process'

import { expect, test } from 'vitest'

import { environment } from './support/writer.ts'

const OPTIONS = ['--conditions=@mcp/source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e']

/** Loads an entry in a process of its own; returns what it exports, and how many of winston's files were loaded. */
function load(entry: string): { exported: string[]; winston: number } {
  const script = `
    import { createRequire } from 'node:module'
    const exported = Object.keys(await import('${entry}'))
    const files = Object.keys(createRequire(import.meta.url).cache)
    console.log(JSON.stringify({ exported, winston: files.filter((file) => /node_modules.winston/.test(file)).length }))`
  const options = { cwd: import.meta.dirname, encoding: 'utf8', env: environment() } as const
  return JSON.parse(execFileSync(process.execPath, [...OPTIONS, script], options)) as ReturnType<typeof load>
}

test.for([
  ['@mcp/otel-logging/preload', ['claimStdout', 'instrumentWinston', 'isStdoutClaimed']],
  ['@mcp/otel-logging/audit', ['runAuditCommand', 'verifyAudit']],
] as const)('%s costs the start of a process no winston', ([entry, names]) => {
  expect(load(entry)).toEqual({ exported: names, winston: 0 })
})

test('the main entry has all that is in the others', () => {
  const { exported, winston } = load('@mcp/otel-logging')
  expect(exported).toEqual(
    expect.arrayContaining([
      ...load('@mcp/otel-logging/preload').exported,
      ...load('@mcp/otel-logging/audit').exported,
    ]),
  )
  expect(winston).toBeGreaterThan(0)
})
