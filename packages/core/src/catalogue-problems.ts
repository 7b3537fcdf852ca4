import type { AttributeSpec, Catalogue, InstrumentKind, InstrumentSpec } from './catalogue.ts'
import { labelName } from './prometheus/label-name.ts'
import { prometheusName } from './prometheus/prometheus-name.ts'

const KINDS: readonly InstrumentKind[] = [
  'counter',
  'upDownCounter',
  'gauge',
  'histogram',
  'observableCounter',
  'observableUpDownCounter',
  'observableGauge',
]
const NAME = /^[a-z][a-z0-9_.\-/]{0,254}$/i
const LONGEST_UNIT = 63
const UNIT = /^(?:[a-zA-Z0-9%/.[\]'*^-]|\{[ -z|~]*\})*$/
/** Units as people write them, and what UCUM calls them. */
const SPELLED_OUT: Readonly<Record<string, string>> = {
  bytes: 'By',
  byte: 'By',
  seconds: 's',
  second: 's',
  sec: 's',
  milliseconds: 'ms',
  millis: 'ms',
  percent: '%',
  ratio: '1',
  count: '{item}',
}

/**
 * Returns what is wrong with a catalogue, by the key of the instrument: each mistake with the value and what is accepted.
 * Empty when every instrument can be created.
 */
export function catalogueProblems(catalogue: Catalogue): Map<string, string[]> {
  const problems = new Map<string, string[]>()
  const names = new Map<string, string>()
  for (const [key, spec] of Object.entries(catalogue)) {
    const found = isSpec(spec)
      ? [...specProblems(spec), ...nameTaken(key, spec, names)]
      : [`is ${quoted(spec)}; expected an instrument`]
    if (found.length > 0) problems.set(key, found)
  }
  return problems
}

function isSpec(spec: unknown): boolean {
  return typeof spec === 'object' && spec !== null
}

function specProblems({ kind, name, unit, help, attributes, optional = [], buckets }: InstrumentSpec): string[] {
  const problems: string[] = []
  if (!KINDS.includes(kind)) problems.push(`kind is ${quoted(kind)}; expected one of ${KINDS.join(', ')}`)
  if (typeof name !== 'string' || !NAME.test(name))
    problems.push(`name is ${quoted(name)}; expected a letter and up to 254 of A-Z a-z 0-9 _ . - /`)
  problems.push(...unitProblems(unit))
  if (typeof help !== 'string' || help.trim() === '') problems.push(`help is ${quoted(help)}; expected a sentence`)
  if (typeof attributes !== 'object' || attributes === null)
    problems.push(`attributes is ${quoted(attributes)}; expected an object, {} for none`)
  else problems.push(...attributeProblems(attributes))
  for (const attribute of optional) {
    if (attributes?.[attribute] === undefined)
      problems.push(`optional attribute ${quoted(attribute)} is not among its attributes`)
  }
  if (buckets !== undefined) problems.push(...bucketProblems(kind, buckets))
  return problems
}

function unitProblems(unit: unknown): string[] {
  // The length is not in the pattern: counting in it takes V8 longer to compile than all else here to run.
  if (typeof unit !== 'string' || unit.length > LONGEST_UNIT || !UNIT.test(unit))
    return [`unit is ${quoted(unit)}; expected a UCUM unit such as s, By, 1 or {request}`]
  const ucum = SPELLED_OUT[unit.toLowerCase()]
  return ucum === undefined ? [] : [`unit is ${quoted(unit)}; expected ${quoted(ucum)}`]
}

function attributeProblems(attributes: Readonly<Record<string, AttributeSpec>>): string[] {
  const problems: string[] = []
  const labels = new Map<string, string>()
  for (const [name, spec] of Object.entries(attributes)) {
    const label = labelName(name)
    const taken = labels.get(label)
    if (name === '' || name.startsWith('__')) problems.push(`attribute ${quoted(name)} has a reserved name`)
    else if (taken !== undefined)
      problems.push(`attributes ${quoted(taken)} and ${quoted(name)} are both the label ${label}`)
    labels.set(label, name)
    if (spec === 'string') continue
    const isSet = Array.isArray(spec) && spec.length > 0 && spec.every((value) => typeof value === 'string')
    if (!isSet) problems.push(`attribute ${quoted(name)} takes ${quoted(spec)}; expected 'string' or a list of strings`)
    else if (new Set(spec).size < spec.length)
      problems.push(`attribute ${quoted(name)} has a value twice: ${spec.join(', ')}`)
  }
  return problems
}

function bucketProblems(kind: InstrumentKind, buckets: readonly number[]): string[] {
  if (kind !== 'histogram') return [`buckets are given for a ${kind}; expected them for a histogram only`]
  const isAscending =
    Array.isArray(buckets) &&
    buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > Number(buckets[i - 1])))
  return isAscending ? [] : [`buckets are ${quoted(buckets)}; expected finite upper bounds, ascending, without +Inf`]
}

function nameTaken(key: string, { name, unit, kind }: InstrumentSpec, names: Map<string, string>): string[] {
  if (typeof name !== 'string' || typeof unit !== 'string') return []
  const onPage = prometheusName(name, unit, kind).toLowerCase()
  const taken = names.get(onPage)
  if (taken === undefined) names.set(onPage, key)
  return taken === undefined ? [] : [`name ${quoted(name)} is ${onPage} in Prometheus, as is that of ${taken}`]
}

function quoted(value: unknown): string {
  try {
    const text = JSON.stringify(value) ?? String(value)
    return text.length > 80 ? `${text.slice(0, 80)}…` : text
  } catch {
    return String(value)
  }
}
