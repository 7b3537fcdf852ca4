import type { Attributes } from '@opentelemetry/api'

import { labelName } from './label-name.ts'
import { escapeQuoted, labelValue } from './label-value.ts'

/** Attributes as labels. */
interface WrittenLabels {
  /** As they stand between the braces, in the order of the attributes: `method="GET",status="200"`. */
  readonly text: string
  /** Their names, in the same order. */
  readonly names: readonly string[]
}

export type LabelWriter = (attributes: Attributes) => WrittenLabels

const NAMES_KEPT = 1000

/** Creates what writes labels; it remembers the names that it has made. */
export function createLabelWriter(): LabelWriter {
  const names = new Map<string, string>()
  const nameOf = (attribute: string): string => {
    const known = names.get(attribute)
    if (known !== undefined) return known
    const name = labelName(attribute)
    if (names.size < NAMES_KEPT) names.set(attribute, name)
    return name
  }
  return (attributes) => writtenLabels(attributes, nameOf)
}

function writtenLabels(attributes: Attributes, nameOf: (attribute: string) => string): WrittenLabels {
  const names: string[] = []
  let text = ''
  for (const attribute of Object.keys(attributes)) {
    const value = labelValue(attributes[attribute])
    // To Prometheus an empty label is an absent one.
    if (value === '') continue
    const name = nameOf(attribute)
    if (names.includes(name)) return joinedLabels(attributes, nameOf)
    names.push(name)
    text += `${text === '' ? '' : ','}${name}="${escapeQuoted(value)}"`
  }
  return { text, names }
}

/** Attributes that share a label name have their values joined by `;`, in the order of their own names. */
function joinedLabels(attributes: Attributes, nameOf: (attribute: string) => string): WrittenLabels {
  const sources = new Map<string, string[]>()
  for (const attribute of Object.keys(attributes)) {
    const name = nameOf(attribute)
    sources.set(name, [...(sources.get(name) ?? []), attribute])
  }
  const names: string[] = []
  const pairs: string[] = []
  for (const [name, attributesOfName] of sources) {
    const values = attributesOfName.toSorted().map((attribute) => labelValue(attributes[attribute]))
    const value = values.filter((it) => it !== '').join(';')
    if (value === '') continue
    names.push(name)
    pairs.push(`${name}="${escapeQuoted(value)}"`)
  }
  return { text: pairs.join(','), names }
}

/** Returns both texts as one; they share no name. */
export function joinLabels(a: string, b: string): string {
  return a === '' || b === '' ? a + b : `${a},${b}`
}

/** Returns the same for every order of the labels: two texts with one key are one series. */
export function labelKey(text: string): string {
  const pairs = text.match(/[a-zA-Z0-9_]+="(?:[^"\\]|\\.)*"/g)
  return pairs === null || pairs.length === 1 ? text : pairs.toSorted().join(',')
}
