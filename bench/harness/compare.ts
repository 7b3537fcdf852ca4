import { groupsOf } from './results-page.ts'
import type { SuiteResult } from './results.ts'
import { ratioOf } from './statistics.ts'
import type { Figure, Row } from './suite.ts'
import { bestPeer, limitOf } from './table.ts'

/** A loss of more than this fails. */
export const TOLERATED_LOSS = 0.15

/**
 * - `kept`: not worse by more than is tolerated;
 * - `lost`: worse by more, whatever it is held against, and by more than the spread of both runs;
 * - `unclear`: worse by more, but within the spread.
 */
export type Verdict = 'kept' | 'lost' | 'unclear'

export interface Comparison {
  readonly group: string
  readonly contestant: string
  readonly figure: string
  /** 0.2 means: by a fifth more of what less is better of. */
  readonly loss: number
  readonly verdict: Verdict
}

/**
 * Holds our rows against former ones by their ratios to the limit and to the best peer of the same run: a slower machine
 * slows those as well. What got worse against one of them alone is no loss of ours: that one has got better.
 */
export function compareSuite(today: SuiteResult, former: SuiteResult): Comparison[] {
  const formerGroups = new Map(groupsOf(former.rows))
  return groupsOf(today.rows).flatMap(([group, rows]) => {
    const before = formerGroups.get(group) ?? []
    return rows
      .filter(({ kind }) => kind === 'ours')
      .flatMap((row) => {
        const old = before.find(({ contestant, kind }) => kind === 'ours' && contestant === row.contestant)
        if (old === undefined) return []
        return Object.entries(today.figures).flatMap(([name, figure]) => {
          const found =
            figure.plain === true ? undefined : compareFigure(name, figure, { row, rows }, { row: old, rows: before })
          return found === undefined ? [] : [{ group, contestant: row.contestant, figure: figure.label, ...found }]
        })
      })
  })
}

interface Place {
  readonly row: Row
  readonly rows: readonly Row[]
}

function compareFigure(
  name: string,
  figure: Figure,
  today: Place,
  former: Place,
): Pick<Comparison, 'loss' | 'verdict'> | undefined {
  const peer = bestPeer(name, figure, former.rows)?.contestant
  const limit = limitOf(name, former.rows)?.contestant
  const losses = [peer, limit].flatMap((base) => {
    if (base === undefined) return []
    const now = ratioTo(base, name, today)
    const then = ratioTo(base, name, former)
    if (now === undefined || then === undefined) return []
    const [worse, better, edges] =
      figure.moreIsBetter === true
        ? [then.median, now.median, [then.low, now.high]]
        : [now.median, then.median, [now.low, then.high]]
    return [{ loss: worse / better - 1, isClear: (edges[0] as number) > (edges[1] as number) }]
  })
  const least = losses.toSorted((a, b) => a.loss - b.loss)[0]
  if (least === undefined) return undefined
  if (least.loss <= TOLERATED_LOSS) return { loss: least.loss, verdict: 'kept' }
  return { loss: least.loss, verdict: losses.every(({ isClear }) => isClear) ? 'lost' : 'unclear' }
}

function ratioTo(contestant: string, name: string, { row, rows }: Place): ReturnType<typeof ratioOf> {
  const base = rows.find((each) => each.contestant === contestant && each.kind !== 'ours')
  return base && ratioOf(row.samples[name] ?? [], base.samples[name] ?? [])
}
