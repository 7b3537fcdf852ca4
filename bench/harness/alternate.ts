import type { CaseResult } from './child.ts'
import { quantile } from './statistics.ts'
import type { ContestantKind, Figure, Row, RunOptions } from './suite.ts'

/** One contestant in one group, and how to measure it once, given the round. */
export interface Case {
  readonly group: string
  readonly contestant: string
  readonly kind: ContestantKind
  readonly measure: (round: number) => Promise<CaseResult>
}

/** A round of short windows, in which the contestants take turns, too. */
export interface Windows {
  readonly count: number
  /** Which of them are better when they are more. */
  readonly figures: Readonly<Record<string, Figure>>
}

const BEST_QUARTILE = 0.25

interface Progress {
  readonly samples: Record<string, (number | null)[]>
  /** Of the round that is being measured. */
  readonly windows: Record<string, number[]>
  readonly totals: Set<string>
  failure?: string
}

/**
 * Measures all cases in turn, round after round, so that what changes on the machine meets them all. Of the windows of a
 * round its best quartile counts: what disturbs a window makes it worse, never better. Rejects when contestants of one
 * group did not do the same work, or when one of ours failed; a peer that fails gets a row that says so.
 */
export async function alternate(
  cases: readonly Case[],
  rounds: number,
  { progress }: RunOptions,
  windows: Windows = { count: 1, figures: {} },
): Promise<Row[]> {
  const states = new Map(cases.map((each): [Case, Progress] => [each, { samples: {}, windows: {}, totals: new Set() }]))
  for (let round = 0; round < rounds; round++) {
    for (let window = 0; window < windows.count; window++) {
      for (const [each, state] of states) {
        if (state.failure !== undefined) continue
        if (window === 0) progress(`round ${round + 1} of ${rounds}: ${each.group}: ${each.contestant}`)
        try {
          const { figures, totals } = await each.measure(round)
          for (const [name, value] of Object.entries(figures)) (state.windows[name] ??= []).push(value)
          if (totals !== '') state.totals.add(totals)
        } catch (error) {
          if (each.kind === 'ours') throw new Error(`${each.group}: ${each.contestant} did not run`, { cause: error })
          state.failure = (error as Error).message
          progress(`${each.contestant} did not run: ${state.failure}`)
        }
      }
    }
    for (const { samples, windows: measured } of states.values()) {
      for (const [name, values] of Object.entries(measured)) {
        const at = windows.figures[name]?.moreIsBetter ? 1 - BEST_QUARTILE : BEST_QUARTILE
        ;(samples[name] ??= [])[round] = quantile(values.splice(0), at)
      }
    }
  }
  requireSameTotals([...states].map(([{ group, contestant }, { totals }]) => ({ group, contestant, totals })))
  return [...states].map(([{ group, contestant, kind }, { samples, failure }]) => ({
    group,
    contestant,
    kind,
    samples: Object.fromEntries(Object.entries(samples).map(([name, list]) => [name, filled(list, rounds)])),
    ...(failure !== undefined && { note: `did not run: ${firstLine(failure)}` }),
  }))
}

/** Throws when those of one group do not all tell the same totals, the same in every round. */
export function requireSameTotals(
  told: readonly { readonly group: string; readonly contestant: string; readonly totals: Iterable<string> }[],
): void {
  const groups = new Map<string, Map<string, string[]>>()
  for (const { group, contestant, totals } of told) {
    const byTotals = groups.get(group) ?? new Map<string, string[]>()
    groups.set(group, byTotals)
    for (const each of totals) byTotals.set(each, [...(byTotals.get(each) ?? []), contestant])
  }
  for (const [group, byTotals] of groups) {
    if (byTotals.size <= 1) continue
    const list = [...byTotals].map(([totals, contestants]) => `${totals} (${contestants.join(', ')})`)
    throw new Error(`${group}: the contestants did not do the same work: ${list.join(' ≠ ')}`)
  }
}

function filled(list: readonly (number | null | undefined)[], rounds: number): (number | null)[] {
  return Array.from({ length: rounds }, (_, round) => {
    const value = list[round]
    return value === undefined || value === null || !Number.isFinite(value) ? null : value
  })
}

function firstLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  return (lines.find((line) => /error|cannot|not found/i.test(line)) ?? lines[0] ?? '').slice(0, 200)
}
