import type { PageFormat } from './layout.ts'

/** `Content-Type` of each format. */
export const CONTENT_TYPES: Readonly<Record<PageFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

const OFFERS: ReadonlyArray<{ format: PageFormat; type: string; version: string }> = [
  { format: 'text', type: 'text/plain', version: '0.0.4' },
  { format: 'openmetrics', type: 'application/openmetrics-text', version: '1.0.0' },
]

/**
 * Returns the format that an `Accept` header likes best: by its q-values, then by its order. It is text 0.0.4 where any
 * type will do, where there is no header, and where neither format is named.
 */
export function negotiateFormat(accept: string | undefined): PageFormat {
  const ranges = qualityList(accept)
  let best: { format: PageFormat; quality: number; index: number } | undefined
  for (const { format, type, version } of OFFERS) {
    const matching = ranges
      .map((range, index) => ({ ...range, index, rank: specificity(range, type, version) }))
      .filter(({ rank }) => rank > 0)
      .toSorted((a, b) => b.rank - a.rank || b.quality - a.quality || a.index - b.index)[0]
    if (matching === undefined || matching.quality <= 0) continue
    const { quality, index } = matching
    const isBetter = best === undefined || quality > best.quality || (quality === best.quality && index < best.index)
    if (isBetter) best = { format, quality, index }
  }
  return best?.format ?? 'text'
}

function specificity(range: QualityValue, type: string, version: string): number {
  if (range.value === '*/*') return 1
  if (range.value === `${type.slice(0, type.indexOf('/'))}/*`) return 2
  if (range.value !== type) return 0
  const asked = range.parameters.get('version')
  if (asked === undefined) return 3
  return asked === version ? 4 : 0
}

/** Tells whether an `Accept-Encoding` header takes gzip, and no less gladly than the page as it is. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const codings = new Map(qualityList(acceptEncoding).map(({ value, quality }) => [value, quality]))
  const rest = codings.get('*')
  const gzip = codings.get('gzip') ?? codings.get('x-gzip') ?? rest ?? 0
  return gzip > 0 && gzip >= (codings.get('identity') ?? 0)
}

interface QualityValue {
  readonly value: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

function qualityList(header: string | undefined): QualityValue[] {
  if (header === undefined) return []
  return split(header, ',').map((element) => {
    const [value = '', ...rest] = split(element, ';')
    const parameters = new Map(rest.map(parameterOf))
    return { value: value.toLowerCase(), parameters, quality: qualityOf(parameters.get('q')) }
  })
}

function split(text: string, separator: ',' | ';'): string[] {
  const parts = text.match(separator === ',' ? /(?:[^,"]|"(?:\\.|[^"\\])*"?)+/g : /(?:[^;"]|"(?:\\.|[^"\\])*"?)+/g)
  return (parts ?? []).map((part) => part.trim()).filter((part) => part !== '')
}

function parameterOf(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 0) return [text.toLowerCase(), '']
  return [
    text.slice(0, at).trim().toLowerCase(),
    text
      .slice(at + 1)
      .trim()
      .replaceAll('"', ''),
  ]
}

function qualityOf(q: string | undefined): number {
  if (q === undefined) return 1
  return /^(?:0(?:\.\d*)?|1(?:\.0*)?)$/.test(q) ? Number(q) : 0
}
