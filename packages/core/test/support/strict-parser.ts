import type { PageFormat } from '../../src/index.ts'

/** A sample as the page has it. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly exemplar?: { readonly labels: Readonly<Record<string, string>>; readonly value: number }
}

export interface ParsedFamily {
  readonly name: string
  readonly type: string
  readonly help?: string
  readonly unit?: string
  readonly samples: Sample[]
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/
const NUMBER = /^(?:NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/

const SUFFIXES: Readonly<Record<PageFormat, Readonly<Record<string, readonly string[]>>>> = {
  text: { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] },
  openmetrics: {
    counter: ['_total'],
    gauge: [''],
    histogram: ['_bucket', '_sum', '_count'],
    info: ['_info'],
    unknown: [''],
  },
}

/** Reads a page by the letter of its format, and throws at the first thing that the format does not allow. */
export function parseStrictly(page: string, format: PageFormat): ParsedFamily[] {
  check(page.isWellFormed(), 'not Unicode', page.slice(0, 100))
  const lines = page.split('\n')
  check(lines.pop() === '', 'no newline at the end', page.slice(-100))
  if (format === 'openmetrics') check(lines.pop() === '# EOF', 'no # EOF at the end', page.slice(-100))
  const families: Array<ParsedFamily & { help?: string; unit?: string; type: string }> = []
  for (const line of lines) {
    const comment = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/s.exec(line)
    if (comment === null) {
      const family = families.at(-1)
      check(family !== undefined, 'a sample before any family', line)
      family.samples.push(sampleOf(line, family, format))
      continue
    }
    const [, keyword, name, rest] = comment as unknown as [string, string, string, string]
    check(METRIC_NAME.test(name), 'metric name', line)
    if (families.at(-1)?.name !== name) {
      check(!families.some((it) => it.name === name), 'a family in two places', line)
      families.push({ name, type: '', samples: [] })
    }
    const family = families.at(-1) as (typeof families)[number]
    check(family.samples.length === 0, 'metadata after samples', line)
    if (keyword === 'HELP') {
      check(family.help === undefined, 'HELP twice', line)
      family.help = unescape(rest, format === 'openmetrics' ? /\\(.?)/gs : /\\(.?)/gs, format === 'openmetrics', line)
    } else if (keyword === 'TYPE') {
      check(family.type === '', 'TYPE twice', line)
      check(SUFFIXES[format][rest] !== undefined, 'type', line)
      family.type = rest
    } else {
      check(format === 'openmetrics' && family.unit === undefined, 'UNIT', line)
      check(name.endsWith(`_${rest}`) && rest !== '', 'UNIT is not the end of the name', line)
      family.unit = rest
    }
  }
  checkNames(families, format)
  for (const family of families) checkFamily(family, format)
  return families
}

function sampleOf(line: string, family: ParsedFamily, format: PageFormat): Sample {
  const name = /^[^{ ]+/.exec(line)?.[0] ?? ''
  const suffixes = SUFFIXES[format][family.type]
  check(suffixes !== undefined, 'a sample without a TYPE', line)
  check(
    suffixes.some((suffix) => name === family.name + suffix),
    `a sample of another family than ${family.name}`,
    line,
  )
  const { labels, rest } = labelsOf(line.slice(name.length), line)
  const [, value = '', exemplarText] = /^ (\S+)(?: # (.*))?$/s.exec(rest) ?? []
  check(NUMBER.test(value), 'value', line)
  if (exemplarText === undefined) return { name, labels, value: numberOf(value) }
  check(format === 'openmetrics' && /_total$|_bucket$/.test(name), 'an exemplar where none may be', line)
  const exemplar = labelsOf(exemplarText, line)
  const [, of = '', at = ''] = /^ (\S+)(?: (\d+\.\d{3}))?$/.exec(exemplar.rest) ?? []
  check(NUMBER.test(of) && at !== undefined, 'exemplar', line)
  check(Object.entries(exemplar.labels).flat().join('').length <= 128, 'exemplar is too long', line)
  return { name, labels, value: numberOf(value), exemplar: { labels: exemplar.labels, value: numberOf(of) } }
}

function labelsOf(text: string, line: string): { labels: Record<string, string>; rest: string } {
  const labels: Record<string, string> = {}
  if (!text.startsWith('{')) return { labels, rest: text }
  const label = /([^=,{}"]+)="((?:[^"\\]|\\.)*)"([,}])/sy
  label.lastIndex = 1
  for (;;) {
    const found = label.exec(text)
    check(found !== null, 'labels', line)
    const [, name, value, end] = found as unknown as [string, string, string, string]
    check(LABEL_NAME.test(name), 'label name', line)
    check(!Object.hasOwn(labels, name), 'a label twice', line)
    labels[name] = unescape(value, /\\(.?)/gs, true, line)
    if (end === '}') return { labels, rest: text.slice(label.lastIndex) }
  }
}

function unescape(text: string, escape: RegExp, withQuote: boolean, line: string): string {
  return text.replaceAll(escape, (_all, character: string) => {
    check(['\\', 'n', ...(withQuote ? ['"'] : [])].includes(character), 'escape', line)
    return character === 'n' ? '\n' : character
  })
}

function numberOf(text: string): number {
  if (text === '+Inf') return Infinity
  return text === '-Inf' ? -Infinity : Number(text)
}

/** No two families may take the same name, with any of the suffixes that their types reserve. */
function checkNames(families: readonly ParsedFamily[], format: PageFormat): void {
  const taken = new Set<string>()
  for (const { name, type } of families) {
    const hasCreated = format === 'openmetrics' && (type === 'counter' || type === 'histogram')
    const suffixes = new Set(['', ...(SUFFIXES[format][type] ?? []), ...(hasCreated ? ['_created'] : [])])
    for (const suffix of suffixes) {
      check(!taken.has(name + suffix), 'a name taken twice', name + suffix)
      taken.add(name + suffix)
    }
  }
}

function checkFamily({ name, type, samples }: ParsedFamily, format: PageFormat): void {
  const seen = new Set<string>()
  for (const sample of samples) {
    const sorted = Object.entries(sample.labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
    const id = JSON.stringify([sample.name, sorted])
    check(!seen.has(id), 'a series twice', id)
    seen.add(id)
    check(!Object.values(sample.labels).includes(''), 'an empty label', id)
    check(sample.name.endsWith('_bucket') && type === 'histogram' ? true : !('le' in sample.labels), 'le', id)
    check(!('quantile' in sample.labels), 'quantile', id)
    const isCount = type === 'counter' || (type === 'histogram' && format === 'openmetrics')
    if (isCount && format === 'openmetrics') check(sample.value >= 0, 'a count that is none', id)
  }
  if (type === 'histogram') checkHistogram(name, samples, format)
}

function checkHistogram(name: string, samples: readonly Sample[], format: PageFormat): void {
  const series = new Map<string, Sample[]>()
  let last = ''
  for (const sample of samples) {
    const key = JSON.stringify(Object.entries(sample.labels).filter(([label]) => label !== 'le'))
    check(key === last || !series.has(key), 'a histogram series in two places', key)
    last = key
    series.set(key, [...(series.get(key) ?? []), sample])
  }
  for (const [key, of] of series) {
    const bounds = of.filter((it) => it.name === `${name}_bucket`)
    let [bound, count] = [-Infinity, 0]
    for (const { labels, value, exemplar } of bounds) {
      const le = numberOf(labels['le'] ?? '')
      check(/^(?:[+]Inf|-?\d+(?:\.\d+)?(?:e[+-]\d\d+)?)$/.test(labels['le'] ?? ''), 'le', key)
      check(/[.e]|Inf/.test(labels['le'] ?? ''), 'le is not canonical', key)
      check(le > bound || (bounds.length === 1 && le === Infinity), 'le does not ascend', key)
      check(Number.isInteger(value) && value >= count, 'a bucket that falls', key)
      if (exemplar) check(exemplar.value <= le && exemplar.value > bound, 'an exemplar outside of its bucket', key)
      ;[bound, count] = [le, value]
    }
    check(bound === Infinity, 'no +Inf', key)
    const total = of.find((it) => it.name === `${name}_count`)
    const sum = of.find((it) => it.name === `${name}_sum`)
    check(total === undefined || total.value === count, '_count is not +Inf', key)
    if (format === 'text') {
      check(total !== undefined, 'no _count', key)
    } else {
      check((total === undefined) === (sum === undefined), '_sum without _count', key)
      check(sum === undefined || numberOf(bounds[0]?.labels['le'] ?? '') >= 0, '_sum with negative buckets', key)
    }
  }
}

function check(holds: boolean, what: string, where: string): asserts holds {
  if (!holds) throw new Error(`${what}: ${where}`)
}
