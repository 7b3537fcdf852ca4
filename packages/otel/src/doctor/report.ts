import { styleText } from 'node:util'

import type { Finding, Status } from './finding.ts'

const MARKS: Readonly<Record<Status, string>> = { ok: '✔', warn: '!', fail: '✖' }
const COLOURS: Readonly<Record<Status, 'green' | 'yellow' | 'red'>> = { ok: 'green', warn: 'yellow', fail: 'red' }

/** Returns how many findings there are of each status. */
export function countFindings(findings: readonly Finding[]): Readonly<Record<Status, number>> {
  const count = (status: Status): number => findings.filter((finding) => finding.status === status).length
  return { ok: count('ok'), warn: count('warn'), fail: count('fail') }
}

/** Returns the findings as a table for a terminal; what is to be done stands below what was found. */
export function reportText(findings: readonly Finding[], isColoured: boolean): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const mark = (status: Status): string =>
    isColoured ? styleText(COLOURS[status], MARKS[status], { validateStream: false }) : MARKS[status]
  const lines = findings.flatMap(({ check, found, remedy, status }) => [
    `${mark(status)} ${check.padEnd(width)}  ${printable(found)}`,
    ...(remedy === undefined ? [] : [`  ${''.padEnd(width)}  → ${printable(remedy)}`]),
  ])
  const { fail, ok, warn } = countFindings(findings)
  return `${lines.join('\n')}\n\n${ok} ok, ${warn} to look at, ${fail} wrong\n`
}

/** What an app or a collector says may hold what a terminal takes for a command. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is meant
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F]+/g, ' ')
}
