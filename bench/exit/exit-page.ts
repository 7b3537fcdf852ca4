import { ENDINGS } from '../../test/support/endings.ts'
import { PATIENCE_MILLIS, type Delivery, type Run } from './run-ending.ts'

/** One app under one distribution, and without it. */
export interface Outcome {
  readonly how: string
  readonly format: 'cjs' | 'mjs'
  readonly state: 'up' | 'down' | 'hanging'
  readonly contestant: string
  readonly run: Run
  readonly without: Run
  /** Where the collector was up. */
  readonly delivery: Delivery | undefined
}

/** An end that comes so much later than it would have is not the same end any more. */
const LONGEST_DELAY_MILLIS = 5000

const STATES = ['up', 'down', 'hanging'] as const
const TITLES = { up: 'The collector is up', down: 'Nobody listens there', hanging: 'The collector hangs' } as const
const FORMATS = { cjs: 'CommonJS, `--require`', mjs: 'ES module, `--import`' } as const

/** Returns the page of a comparison, in Markdown. */
export function exitPage(outcomes: readonly Outcome[], names: readonly string[]): string {
  const passedRow = (what: string, of: readonly Outcome[]): string => {
    const passed = names.map((name) => of.filter((it) => it.contestant === name && problems(it).length === 0).length)
    return row([`**${what}, of ${of.length / names.length}**`, ...passed.map((count) => `**${count}**`)])
  }
  return [
    '# How applications end',
    '',
    '<!-- Written by `npm run compare:exit` (after `npm ci --prefix bench/contestants`): change bench/exit, not this page. -->',
    '',
    'The same small application comes to its end in each of these ways, without a distribution and with each of them, its collector',
    'up, down, or taking connections without ever answering. It records spans, log records and counts by number: before the end,',
    'while it drains, and right before it goes. The receiver is `@elastic/mockotlpserver`. A case passes when',
    '',
    '- exit code and signal are those of the bare application, and stdout and stderr have all of its lines,',
    `- it ends no more than ${LONGEST_DELAY_MILLIS / 1000} s later than that (after ${PATIENCE_MILLIS / 1000} s it is killed),`,
    '- with the collector up, everything has arrived, and nothing twice.',
    '',
    'Each cell has what arrived of what was recorded, how the process ended where that is different, and how much later: from its last',
    'line, or from the signal where it has no handler, to its end. Everything has its defaults, with two exceptions: resource',
    'detectors are local ones, and the flush options of `@dash0/opentelemetry` are on. Lines of a distribution on stdout, where a',
    'program may speak a protocol, are not held against it here.',
    '',
    `Node.js ${process.versions.node}, ${process.platform} ${process.arch}.`,
    '',
    row(['', ...names]),
    row(['---', ...names.map(() => '---')]),
    passedRow('cases passed', outcomes),
    ...STATES.map((state) =>
      passedRow(
        TITLES[state],
        outcomes.filter((it) => it.state === state),
      ),
    ),
    ...STATES.flatMap((state) => section(outcomes, names, state)),
    '',
  ].join('\n')
}

function section(outcomes: readonly Outcome[], names: readonly string[], state: Outcome['state']): string[] {
  const rows = Object.keys(ENDINGS).flatMap((how) =>
    (['cjs', 'mjs'] as const).map((format) => {
      const cells = names.map((name) => {
        const found = outcomes.find(
          (it) => it.how === how && it.format === format && it.state === state && it.contestant === name,
        )
        return found === undefined ? '' : cell(found)
      })
      return row([`${how} (${FORMATS[format]})`, ...cells])
    }),
  )
  return ['', `## ${TITLES[state]}`, '', row(['it ends …', ...names]), row(['---', ...names.map(() => '---')]), ...rows]
}

function cell(outcome: Outcome): string {
  const { delivery, run, without } = outcome
  const found = problems(outcome)
  const parts = [
    ...(delivery === undefined ? [] : [`${delivery.arrived}/${delivery.expected}`]),
    ...found,
    ...(run.isHanging ? [] : [`${signed(run.took - without.took)} ms`]),
  ]
  return `${found.length === 0 && delivery?.isExact !== false ? 'yes' : '**no**'}: ${parts.join(', ')}`
}

function problems({ delivery, run, without }: Outcome): string[] {
  if (run.isHanging) return ['does not end']
  return [
    ...(delivery?.isExact === false ? ['lost or doubled'] : []),
    ...(endOf(run) === endOf(without) ? [] : [`ends with ${endOf(run)}, not ${endOf(without)}`]),
    ...(['stdout', 'stderr'] as const)
      .filter((stream) => !withoutBlanks(without[stream]).every((line) => run[stream].includes(line)))
      .map((stream) => `${stream} lacks lines`),
    ...(run.took - without.took > LONGEST_DELAY_MILLIS ? ['late'] : []),
  ]
}

function endOf({ code, signal }: Run): string {
  return String(signal ?? code)
}

function withoutBlanks(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

function signed(millis: number): string {
  return `${millis < 0 ? '−' : '+'}${Math.abs(millis).toFixed(0)}`
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
