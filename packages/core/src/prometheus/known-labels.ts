import type { Attributes } from '@opentelemetry/api'

import type { LabelWriter } from './label-text.ts'
import type { SeriesPoint } from './series.ts'

/** The labels of a family on its last page: `labels[i]` is the text of `attributes[i]`. */
export interface KnownLabels {
  readonly attributes: readonly Attributes[]
  readonly labels: readonly string[]
  /** Names of the first text that has several labels. */
  readonly order?: readonly string[] | undefined
  /** `true` when every text of several labels has those names: then two that are one series are equal. */
  readonly areOrdered: boolean
}

export const NO_LABELS: KnownLabels = { attributes: [], labels: [], areOrdered: true }

/** How many removed series in a row are recognized as such; behind more, labels are written anew. */
const LOOK_AHEAD = 512
const POINTS_BETWEEN_PAUSES = 512

/**
 * Finds the labels of points. Who collects keeps one attributes object for each series, so that those of the last page
 * are found by a glance at the same place. Returns `before` itself when the series are the same. Yields now and then.
 */
export function* labelsOfPoints(
  points: readonly SeriesPoint[],
  before: KnownLabels,
  write: LabelWriter,
): Generator<undefined, KnownLabels> {
  if (points.length === before.attributes.length && points.every((it, at) => it.attributes === before.attributes[at])) {
    return before
  }
  const attributes: Attributes[] = []
  const labels: string[] = []
  const find = finder(before)
  let { order, areOrdered } = before
  for (const [index, point] of points.entries()) {
    if (index % POINTS_BETWEEN_PAUSES === 0) yield
    attributes.push(point.attributes)
    const found = find(point.attributes)
    if (found !== undefined) {
      labels.push(found)
      continue
    }
    const { text, names } = write(point.attributes)
    labels.push(text)
    if (names.length < 2) continue
    order ??= names
    areOrdered &&= isEqual(order, names)
  }
  return { attributes, labels, order, areOrdered }
}

/** Looks for each at the place behind the one before, and a little further as long as that pays. */
function finder({ attributes, labels }: KnownLabels): (wanted: Attributes) => string | undefined {
  let next = 0
  let effort = LOOK_AHEAD + attributes.length
  return (wanted) => {
    const end = Math.min(attributes.length, next + (effort > 0 ? LOOK_AHEAD : 1))
    for (let index = next; index < end; index++) {
      if (attributes[index] !== wanted) continue
      next = index + 1
      return labels[index]
    }
    effort -= end - next
    return undefined
  }
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}
