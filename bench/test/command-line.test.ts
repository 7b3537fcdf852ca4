import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

import { readCommandLine } from '../command-line.ts'
import type { Suite } from '../harness/suite.ts'

const suites: Suite[] = ['first', 'second'].map((name) => ({ name, about: name, figures: {}, run: async () => [] }))

function bench(...args: string[]) {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
}

test('without names all suites run, with names those, in their own order', () => {
  expect(readCommandLine([], suites).suites).toEqual(suites)
  expect(readCommandLine(['second', 'first', '--quick'], suites)).toEqual({
    help: false,
    quick: true,
    compare: false,
    suites,
  })
  expect(readCommandLine(['second'], suites).suites).toEqual([suites[1]])
})

test('a wrong name or option is said with those that are accepted', () => {
  expect(() => readCommandLine(['third'], suites)).toThrow('there is no suite "third"; expected first, second')
  expect(() => readCommandLine(['--fast'], suites)).toThrow(
    "Unknown option '--fast'; expected --quick, --compare, --help, or names of suites",
  )
  expect(() => readCommandLine(['--quick=yes'], suites)).toThrow('expected --quick')
})

test('the command tells its suites, and ends with 2 when it does not know one', () => {
  const help = bench('--help')
  expect(help).toMatchObject({ status: 0, stderr: '' })
  expect(help.stdout).toMatch(/^ {2}scrape /m)
  const wrong = bench('scrap')
  expect(wrong).toMatchObject({ status: 2, stdout: '' })
  expect(wrong.stderr).toMatch(/^bench: there is no suite "scrap"; expected record, record-strings, scrape, /)
})

test('a suite runs each contestant, and prints what they come to', { timeout: 120_000 }, () => {
  const { status, stdout, stderr } = bench('memory', '--quick')
  expect(stderr).toContain('memory: round 1 of 1: a label set: ours')
  expect(status).toBe(0)
  for (const contestant of [
    'ours',
    'prom-client',
    '@prometheus-io/client',
    'OpenTelemetry SDK',
    'numbers in an array',
  ]) {
    expect(stdout).toMatch(new RegExp(`^${contestant} +[\\d,.]+ `, 'm'))
  }
})
