/** Columns of Grafana's grid. */
const COLUMNS = 24

interface Placed {
  readonly id: number
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
}

/** Returns what is wrong with where the panels of a dashboard stand: two in one place, beyond the grid, or with one id. */
export function layoutProblems({
  panels,
  title,
}: {
  readonly title: string
  readonly panels: readonly Placed[]
}): string[] {
  return panels.flatMap((panel, index) => {
    const { h, w, x } = panel.gridPos
    const others = panels.slice(0, index)
    const problems = [
      ...others.filter((other) => overlap(panel, other)).map((other) => `stands where ${other.title} is`),
      ...others.filter(({ id }) => id === panel.id).map((other) => `has the id of ${other.title}`),
      ...(x < 0 || x + w > COLUMNS || w <= 0 || h <= 0 ? ['leaves the grid'] : []),
    ]
    return problems.map((problem) => `${title} / ${panel.title}: ${problem}`)
  })
}

function overlap({ gridPos: a }: Placed, { gridPos: b }: Placed): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}
