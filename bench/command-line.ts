import { parseArgs } from 'node:util'

import type { Suite } from './harness/suite.ts'

export interface Request {
  readonly help: boolean
  readonly quick: boolean
  readonly compare: boolean
  readonly suites: readonly Suite[]
}

/** Reads the arguments; throws with what is accepted when one is wrong. */
export function readCommandLine(args: readonly string[], suites: readonly Suite[]): Request {
  const { values, positionals } = parse(args)
  const known = new Map(suites.map((suite) => [suite.name, suite]))
  const wrong = positionals.filter((name) => !known.has(name))
  if (wrong.length > 0) {
    const named = wrong.map((name) => `"${name}"`).join(', ')
    throw new Error(`there is no suite ${named}; expected ${[...known.keys()].join(', ')}`)
  }
  const chosen = positionals.length === 0 ? suites : suites.filter(({ name }) => positionals.includes(name))
  return { help: values.help, quick: values.quick, compare: values.compare, suites: chosen }
}

export function helpText(suites: readonly Suite[]): string {
  const width = Math.max(...suites.map(({ name }) => name.length))
  const list = suites.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`)
  return `\
npm run bench [-- [suite …] [--quick] [--compare]]

Measures every contestant in turn, prints the tables, and writes them to bench/RESULTS.md and bench/RESULTS.json.

  --quick    one round of less, under two minutes; written to bench/RESULTS-quick.md and .json instead
  --compare  hold the run against the results committed last, by ratios, write nothing, and end with 1 when we lost more
             than 15 %
  --help     this

Suites (default: all):
${list.join('\n')}
`
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        quick: { type: 'boolean', default: false },
        compare: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new Error(
      `${(error as Error).message.split('. ')[0]}; expected --quick, --compare, --help, or names of suites`,
      {
        cause: error,
      },
    )
  }
}
