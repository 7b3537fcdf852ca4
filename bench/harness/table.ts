import { differencesOf, isDifferent, ratioOf, summaryOf } from './statistics.ts'
import type { Ratio, Samples } from './statistics.ts'
import type { Figure, Row } from './suite.ts'

/** A table as text, cell by cell; the first row is the heading. */
export type Cells = readonly (readonly string[])[]

/** Returns, for each group, its rows and the figures of each: median, spread, and ratios to the limit and the best peer. */
export function tableOf(figures: Readonly<Record<string, Figure>>, rows: readonly Row[]): Cells {
  const names = Object.keys(figures)
  const shown = names.filter((name) => rows.some((row) => summaryOf(row.samples[name] ?? []) !== undefined))
  const heading = shown.flatMap((name) => headingOf(figures[name] as Figure, rows))
  const lines = rows.map((row) => [
    row.kind === 'ours' ? `**${row.contestant}**` : row.contestant,
    ...shown.flatMap((name) => cellsOf(name, figures[name] as Figure, row, rows)),
    row.note ?? '',
  ])
  const hasNotes = rows.some((row) => row.note !== undefined)
  const table = [['', ...heading, ''], ...lines]
  return hasNotes ? table : table.map((line) => line.slice(0, -1))
}

/** Returns the samples of the best peer of the group; `undefined` where no peer has the figure. */
export function bestPeer(name: string, figure: Figure, rows: readonly Row[]): Row | undefined {
  const peers = rows.flatMap((row) => {
    const summary = row.kind === 'peer' ? summaryOf(row.samples[name] ?? []) : undefined
    return summary === undefined ? [] : [{ row, median: summary.median }]
  })
  const sign = figure.moreIsBetter === true ? -1 : 1
  return peers.toSorted((a, b) => sign * (a.median - b.median))[0]?.row
}

/** Returns the limit of the group, where there is one that has the figure. */
export function limitOf(name: string, rows: readonly Row[]): Row | undefined {
  return rows.find((row) => row.kind === 'limit' && summaryOf(row.samples[name] ?? []) !== undefined)
}

function headingOf({ label, unit, plain, over }: Figure, rows: readonly Row[]): string[] {
  if (plain === true) return [`${label}, ${unit}`]
  const hasLimit = rows.some(({ kind }) => kind === 'limit')
  const hasPeer = rows.some(({ kind }) => kind === 'peer')
  return [
    `${label}, ${unit}`,
    'half of the rounds',
    ...(hasLimit && over === true ? ['over limit'] : []),
    ...(hasLimit ? ['× limit'] : []),
    ...(hasPeer ? ['× best peer'] : []),
  ]
}

function cellsOf(name: string, figure: Figure, row: Row, rows: readonly Row[]): string[] {
  const samples = row.samples[name] ?? []
  const summary = summaryOf(samples)
  const number = summary === undefined ? '–' : numberText(summary.median)
  if (figure.plain === true) return [number]
  const spread = summary === undefined ? '' : `${numberText(summary.low)} – ${numberText(summary.high)}`
  const hasLimit = rows.some(({ kind }) => kind === 'limit')
  const hasPeer = rows.some(({ kind }) => kind === 'peer')
  return [
    number,
    spread,
    ...(hasLimit && figure.over === true ? [overText(row, limitOf(name, rows), samples, name)] : []),
    ...(hasLimit ? [ratioText(row, limitOf(name, rows), samples, name)] : []),
    ...(hasPeer ? [ratioText(row, bestPeer(name, figure, rows), samples, name)] : []),
  ]
}

function ratioText(row: Row, base: Row | undefined, samples: Samples, name: string): string {
  if (base === undefined || row.samples === base.samples) return ''
  const ratio = ratioOf(samples, base.samples[name] ?? [])
  return ratio === undefined ? '' : shownRatio(ratio)
}

function overText(row: Row, base: Row | undefined, samples: Samples, name: string): string {
  if (base === undefined || row.samples === base.samples) return ''
  const summary = summaryOf(differencesOf(samples, base.samples[name] ?? []))
  if (summary === undefined) return ''
  if (summary.low <= 0 && summary.high >= 0) return '≈ 0'
  return `${summary.median > 0 ? '+' : ''}${numberText(summary.median)}`
}

/** A difference that the spread does not bear out is said to be none. */
function shownRatio(ratio: Ratio): string {
  return isDifferent(ratio) ? numberText(ratio.median) : '≈ 1'
}

/** Returns a number with as many digits as mean something. */
export function numberText(value: number): string {
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 1000) return Math.round(value).toLocaleString('en')
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.01 ? 2 : 4
  return value.toFixed(digits)
}

/** Returns the table as text for a terminal, its columns aligned. */
export function alignedText(cells: Cells): string {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((line) => (line[column] ?? '').length)))
  return cells
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Returns the table as Markdown. */
export function markdownText(cells: Cells): string {
  const [heading = [], ...lines] = cells
  const rule = heading.map((_, column) => (column === 0 ? '---' : '--:'))
  return [heading, rule, ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')
}
