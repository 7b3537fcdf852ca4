import type { Attributes } from '@opentelemetry/api'

import { labelName } from './label-name.ts'
import { escapeQuoted, labelValue } from './label-value.ts'

/** The labels of one series. */
export interface Labels {
  /** As they stand between the braces, in the order of the attributes: `method="GET",status="200"`. */
  readonly text: string
  /** The same for every order of the attributes: two series with one key are one series. */
  readonly key: string
}

/** Turns attributes into labels, and remembers the result for as long as the attributes object lives. */
export type LabelWriter = (attributes: Attributes) => Labels

const NAMES_KEPT = 1000

/** Creates what writes labels; its memory ends with the attributes objects that it has seen. */
export function createLabelWriter(): LabelWriter {
  const seen = new WeakMap<Attributes, Labels>()
  const names = new Map<string, string>()
  const nameOf = (attribute: string): string => {
    const known = names.get(attribute)
    if (known !== undefined) return known
    const name = labelName(attribute)
    if (names.size < NAMES_KEPT) names.set(attribute, name)
    return name
  }
  return (attributes) => {
    const known = seen.get(attributes)
    if (known !== undefined) return known
    const labels = labelsOf(attributes, nameOf)
    seen.set(attributes, labels)
    return labels
  }
}

function labelsOf(attributes: Attributes, nameOf: (attribute: string) => string): Labels {
  const names: string[] = []
  const pairs: string[] = []
  for (const attribute of Object.keys(attributes)) {
    const value = labelValue(attributes[attribute])
    // To Prometheus an empty label is an absent one.
    if (value === '') continue
    const name = nameOf(attribute)
    if (names.includes(name)) return joinedLabels(attributes, nameOf)
    names.push(name)
    pairs.push(`${name}="${escapeQuoted(value)}"`)
  }
  return labelsFrom(pairs)
}

/** Attributes that share a label name have their values joined by `;`, in the order of their own names. */
function joinedLabels(attributes: Attributes, nameOf: (attribute: string) => string): Labels {
  const sources = new Map<string, string[]>()
  for (const attribute of Object.keys(attributes)) {
    const name = nameOf(attribute)
    sources.set(name, [...(sources.get(name) ?? []), attribute])
  }
  const pairs: string[] = []
  for (const [name, attributesOfName] of sources) {
    const values = attributesOfName.toSorted().map((attribute) => labelValue(attributes[attribute]))
    const value = values.filter((it) => it !== '').join(';')
    if (value !== '') pairs.push(`${name}="${escapeQuoted(value)}"`)
  }
  return labelsFrom(pairs)
}

function labelsFrom(pairs: readonly string[]): Labels {
  const text = pairs.join(',')
  const sorted = pairs.toSorted()
  return { text, key: sorted.every((pair, index) => pair === pairs[index]) ? text : sorted.join(',') }
}
