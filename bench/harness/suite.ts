import type { Samples } from './statistics.ts'

/** One column of a suite's table; of every figure less is better unless it says otherwise. */
export interface Figure {
  readonly label: string
  readonly unit: string
  readonly moreIsBetter?: boolean
  /** Shown as it is, without ratios, and not held against former results. */
  readonly plain?: boolean
  /** Also shown as the difference to the limit. */
  readonly over?: boolean
}

/**
 * - `ours`: what this project ships;
 * - `peer`: an unmodified package of others, used as its own documentation says;
 * - `limit`: what cannot be beaten: the same work with nothing measured, or the bare machine.
 */
export type ContestantKind = 'ours' | 'peer' | 'limit'

/** One contestant's figures in one group of a suite; the contestants of a group did the same work. */
export interface Row {
  readonly group: string
  readonly contestant: string
  readonly kind: ContestantKind
  /** By figure; a sample per round. */
  readonly samples: Readonly<Record<string, Samples>>
  /** Why it has no figures, or what has to be known of them. */
  readonly note?: string
}

export interface RunOptions {
  /** Fewer rounds, for a first look. */
  readonly quick: boolean
  /** Says on stderr how far it is. */
  readonly progress: (text: string) => void
}

export interface Suite {
  readonly name: string
  /** What is measured, in a sentence. */
  readonly about: string
  /** Compares with packages in the contestants' own folder. */
  readonly needsContestants?: true
  readonly figures: Readonly<Record<string, Figure>>
  /** Rejects when contestants of a group did not do the same work, or when ours did not run. */
  run(options: RunOptions): Promise<Row[]>
}
