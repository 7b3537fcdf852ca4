import type { Attributes } from '@opentelemetry/api'

import { LabelTable } from './label-table.ts'
import { joinLabels } from './label-text.ts'
import type { LabelWriter } from './label-text.ts'

/** The labels of a metric on its last page, text by text those of `attributes`. */
export interface KnownLabels {
  readonly attributes: readonly Attributes[]
  readonly labels: LabelTable
  /** What stands behind the labels of each series. */
  readonly scope: string
  /** Names of the first text that has several labels. */
  readonly order?: readonly string[] | undefined
  /** `true` when every text of several labels has those names. */
  readonly areOrdered: boolean
}

export const NO_LABELS: KnownLabels = { attributes: [], labels: new LabelTable(0), scope: '', areOrdered: true }

/** How many removed series in a row are recognized as such; behind more, labels are written anew. */
const LOOK_AHEAD = 512
const SERIES_BETWEEN_PAUSES = 512

/**
 * Finds the labels of series. Who collects keeps one attributes object for each series, so that those of the last page
 * are found by a glance at the same place. Returns `last` itself when the series are the same. Yields now and then.
 */
export function* labelsOf(
  attributes: readonly Attributes[],
  scope: string,
  last: KnownLabels,
  write: LabelWriter,
): Generator<undefined, KnownLabels> {
  const before = last.scope === scope ? last : { ...NO_LABELS, scope }
  if (isEqual(attributes, before.attributes)) return before
  const labels = new LabelTable(attributes.length, before.labels.byteLength)
  const find = finder(before.attributes)
  let { order, areOrdered } = before
  for (const [index, wanted] of attributes.entries()) {
    if (index % SERIES_BETWEEN_PAUSES === 0) yield
    const found = find(wanted)
    if (found !== undefined) {
      labels.addFrom(before.labels, found)
      continue
    }
    const { text, names } = write(wanted)
    labels.add(joinLabels(text, scope))
    if (names.length < 2) continue
    order ??= names
    areOrdered &&= isEqual(order, names)
  }
  return { attributes, labels: labels.trim(), scope, order, areOrdered }
}

/** Looks for each at the place behind the one before, and a little further as long as that pays. */
function finder(attributes: readonly Attributes[]): (wanted: Attributes) => number | undefined {
  let next = 0
  let effort = LOOK_AHEAD + attributes.length
  return (wanted) => {
    const end = Math.min(attributes.length, next + (effort > 0 ? LOOK_AHEAD : 1))
    for (let index = next; index < end; index++) {
      if (attributes[index] !== wanted) continue
      next = index + 1
      return index
    }
    effort -= end - next
    return undefined
  }
}

/** Tells whether two texts that are one series are always equal: where all have their labels in one order. */
export function haveOneOrder(all: readonly KnownLabels[]): boolean {
  const [first, ...others] = all.flatMap(({ order }) => (order === undefined ? [] : [order]))
  return all.every(({ areOrdered }) => areOrdered) && others.every((order) => isEqual(order, first ?? order))
}

export function isEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((item, index) => item === b[index]))
}
