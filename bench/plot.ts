import { summaryOf } from './harness/statistics.ts'
import type { Row } from './harness/suite.ts'
import { numberText } from './harness/table.ts'

interface Plot {
  readonly title: string
  /** Label of the vertical axis. */
  readonly unit: string
  readonly figure: string
  readonly rows: readonly Row[]
}

interface Line {
  readonly contestant: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [760, 420, 70, 220, 44, 50]
const COLOURS = ['#0b6e4f', '#d1495b', '#edae49', '#30638e', '#7a7a7a', '#8d5a97']

/** Draws a figure against the number of series, both on scales of powers of ten; the groups' names begin with the number. */
export function seriesPlot({ title, unit, figure, rows }: Plot): string {
  const lines = linesOf(rows, figure)
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x))
  const ys = lines.flatMap(({ points }) => points.map(([, y]) => y))
  const across = scale(xs, LEFT, WIDTH - RIGHT)
  const up = scale(ys, HEIGHT - BOTTOM, TOP)
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(LEFT, 24, title, 'font-size="15" font-weight="bold"'),
    ...up.ticks.flatMap((tick) => [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${up.at(tick)}" y2="${up.at(tick)}" stroke="#e4e4e4"/>`,
      text(LEFT - 8, up.at(tick) + 4, numberText(tick).replace(/\.0+$/, ''), 'text-anchor="end"'),
    ]),
    ...across.ticks.map((tick) =>
      text(across.at(tick), HEIGHT - BOTTOM + 20, tick.toLocaleString('en'), 'text-anchor="middle"'),
    ),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, 'series', 'text-anchor="middle"'),
    text(
      16,
      (TOP + HEIGHT - BOTTOM) / 2,
      unit,
      `text-anchor="middle" transform="rotate(-90 16 ${(TOP + HEIGHT - BOTTOM) / 2})"`,
    ),
    ...lines.flatMap(({ contestant, points }, index) => {
      const colour = COLOURS[index % COLOURS.length] as string
      const places = points.map(([x, y]) => `${across.at(x)},${up.at(y)}`)
      const y = TOP + 16 + index * 20
      return [
        `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...points.map(([px, py]) => `<circle cx="${across.at(px)}" cy="${up.at(py)}" r="3.5" fill="${colour}"/>`),
        `<rect x="${WIDTH - RIGHT + 16}" y="${y - 9}" width="12" height="12" fill="${colour}"/>`,
        text(WIDTH - RIGHT + 34, y + 2, contestant),
      ]
    }),
    '</svg>',
  ]
  return `${parts.join('\n')}\n`
}

function linesOf(rows: readonly Row[], figure: string): Line[] {
  const points = rows.flatMap((row) => {
    const series = /^([\d,]+) series$/.exec(row.group)?.[1]
    const summary = summaryOf(row.samples[figure] ?? [])
    if (series === undefined || summary === undefined) return []
    return [{ contestant: row.contestant, point: [Number(series.replaceAll(',', '')), summary.median] as const }]
  })
  return [...Map.groupBy(points, ({ contestant }) => contestant)].map(([contestant, list]) => ({
    contestant,
    points: list.map(({ point }) => point).toSorted(([a], [b]) => a - b),
  }))
}

/** A logarithmic scale from the power of ten below the least to the one above the most. */
function scale(values: readonly number[], from: number, to: number) {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  return {
    at: (value: number): number =>
      Math.round((from + ((Math.log10(value) - low) / (high - low)) * (to - from)) * 10) / 10,
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
  }
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" ${attributes}>${escaped}</text>`
}
