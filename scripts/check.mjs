// `npm run check`: everything that CI does. Every step runs even when one before it failed, so that one run tells all.
import { readdirSync } from 'node:fs'
import process from 'node:process'

import { node, root, run, say, setUp } from './setup.mjs'

setUp()
const packages = readdirSync(`${root}/packages`)
const tool = (path) => `${root}/node_modules/${path}`

/** @type {readonly (readonly [name: string, command: string, args: readonly string[]])[]} */
const steps = [
  ['types', 'tsc', ['-p', '.']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['format', 'oxfmt', ['--check', '.']],
  ['derived files', node(), [`${root}/scripts/derive.mjs`, '--check']],
  ['unused code', 'knip', []],
  ...packages.map((name) => [`publint ${name}`, 'publint', ['--strict', `packages/${name}`]]),
  ...packages.map((name) => [`attw ${name}`, 'attw', ['--pack', `packages/${name}`, '--profile', 'node16', '--quiet']]),
]

const failed = []
for (const [name, command, args] of steps) {
  const start = performance.now()
  const code = await run(command.includes('/') ? command : tool(`.bin/${command}`), args)
  const took = ((performance.now() - start) / 1000).toFixed(1)
  say(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${took} s)`)
  if (code !== 0) failed.push(name)
}
say(failed.length === 0 ? `${steps.length} checks passed; now the tests` : `these checks failed: ${failed.join(', ')}`)

const tests = await run('npm', ['test', '--silent'])
process.exitCode = failed.length > 0 || tests !== 0 ? 1 : 0
