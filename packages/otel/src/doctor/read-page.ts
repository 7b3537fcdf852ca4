/** A page of Prometheus' text format 0.0.4, read strictly. */
export interface MetricsPage {
  readonly samples: readonly PageSample[]
  /** What Prometheus would refuse, or misread, by line. */
  readonly problems: readonly string[]
}

export interface PageSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

interface Family {
  type?: string
  hasHelp?: boolean
  hasSamples: boolean
  isClosed: boolean
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped'])
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
}
const SAMPLE = /^([^\s{]+)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+(-?\d+))?$/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/

/** Reads a page, and names everything that is wrong with it; never throws. */
export function readPage(text: string): MetricsPage {
  const problems: string[] = []
  const samples: PageSample[] = []
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let open: string | undefined
  if (text !== '' && !text.endsWith('\n')) problems.push('the last line does not end')

  const familyOf = (name: string, line: number): Family => {
    const family = families.get(name) ?? { hasSamples: false, isClosed: false }
    families.set(name, family)
    if (open !== undefined && open !== name) families.get(open)!.isClosed = true
    if (family.isClosed) problems.push(`line ${line}: lines of ${name} are not together`)
    open = name
    return family
  }

  for (const [index, line] of text.split('\n').entries()) {
    const at = index + 1
    if (line.trim() === '') continue
    if (line.startsWith('#')) {
      const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
      if (keyword === undefined) continue
      if (!NAME.test(name)) problems.push(`line ${at}: ${JSON.stringify(name)} is no metric name`)
      const family = familyOf(name, at)
      if (keyword === 'HELP') {
        if (family.hasHelp === true) problems.push(`line ${at}: ${name} has a second HELP`)
        family.hasHelp = true
      } else {
        if (family.type !== undefined) problems.push(`line ${at}: ${name} has a second TYPE`)
        if (family.hasSamples) problems.push(`line ${at}: the TYPE of ${name} comes after its samples`)
        if (!TYPES.has(rest)) problems.push(`line ${at}: ${JSON.stringify(rest)} is no type`)
        family.type = rest
      }
      continue
    }
    const [, name = '', inner, value = ''] = SAMPLE.exec(line) ?? []
    if (!NAME.test(name) || !VALUE.test(value)) {
      problems.push(`line ${at}: ${JSON.stringify(line.slice(0, 80))} is no sample`)
      continue
    }
    const labels = readLabels(inner ?? '')
    if (labels === undefined) {
      problems.push(`line ${at}: the labels of ${name} cannot be read`)
      continue
    }
    familyOf(familyName(name, families), at).hasSamples = true
    const key = `${name}${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`
    if (seen.has(key)) problems.push(`line ${at}: ${name} is there twice with the same labels`)
    seen.add(key)
    samples.push({ name, labels, value: numberOf(value) })
  }
  return { samples, problems: [...problems, ...histogramProblems(samples, families)] }
}

/** Returns the labels of what stands between the braces; `undefined` when it is none, or names one twice. */
function readLabels(inner: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {}
  for (let rest = inner; rest !== '';) {
    const [whole, name = '', value = ''] = LABEL.exec(rest) ?? []
    if (whole === undefined || Object.hasOwn(labels, name)) return undefined
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    rest = rest.slice(whole.length)
  }
  return labels
}

function familyName(name: string, families: ReadonlyMap<string, Family>): string {
  for (const [type, suffixes] of Object.entries(SUFFIXES)) {
    for (const suffix of suffixes) {
      const base = name.slice(0, -suffix.length)
      if (name.endsWith(suffix) && families.get(base)?.type === type) return base
    }
  }
  return name
}

function numberOf(value: string): number {
  return value.endsWith('Inf') ? (value.startsWith('-') ? -Infinity : Infinity) : Number(value)
}

/** Buckets are cumulative, the last is +Inf, and it is the count. */
function histogramProblems(samples: readonly PageSample[], families: ReadonlyMap<string, Family>): string[] {
  const buckets = new Map<string, { name: string; bounds: [number, number][] }>()
  const counts = new Map<string, number>()
  for (const { name, labels, value } of samples) {
    const base = familyName(name, families)
    if (families.get(base)?.type !== 'histogram' || base === name) continue
    const { le, ...others } = labels
    const key = `${base}${JSON.stringify(others)}`
    if (name.endsWith('_count')) counts.set(key, value)
    if (!name.endsWith('_bucket')) continue
    const known = buckets.get(key) ?? { name: base, bounds: [] }
    known.bounds.push([le === undefined ? NaN : numberOf(le), value])
    buckets.set(key, known)
  }
  return [...buckets].flatMap(([key, { name, bounds }]) => {
    const problems: string[] = []
    const last = bounds.at(-1)
    if (bounds.some(([bound], i) => !(bound > (bounds[i - 1]?.[0] ?? -Infinity))))
      problems.push('buckets are not in order')
    if (bounds.some(([, count], i) => count < (bounds[i - 1]?.[1] ?? 0))) problems.push('buckets are not cumulative')
    if (last?.[0] !== Infinity) problems.push('there is no +Inf bucket')
    else if (counts.get(key) !== last[1]) problems.push('the +Inf bucket is not the count')
    return problems.map((problem) => `${name}: ${problem}`)
  })
}
