/** UCUM codes of the OpenTelemetry conventions, as Prometheus spells them. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tebibytes'],
  ['kBy', 'kilobytes'],
  ['KBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['%', 'percent'],
  ['1', ''],
])

/** What may stand after `/`, in the singular; `m` is a minute here, as it is for Prometheus and the Collector. */
const PER_UNITS: ReadonlyMap<string, string> = new Map([
  ['s', 'second'],
  ['m', 'minute'],
  ['min', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
])

/**
 * Returns the words that a UCUM unit adds to a Prometheus name, in their order: `By` → `['bytes']`,
 * `By/s` → `['bytes', 'per_second']`; none for `1`, `{annotations}` and no unit.
 */
export function unitWords(unit: string): string[] {
  const [main = '', ...rest] = unit.replaceAll(/\{[^}]*\}/g, '').split('/')
  const per = rest.join('/').trim()
  const words = [word(main.trim(), UNITS), per === '' ? '' : `per_${word(per, PER_UNITS)}`]
  return words.filter((it) => it !== '' && it !== 'per_')
}

function word(code: string, names: ReadonlyMap<string, string>): string {
  return (names.get(code) ?? code).replaceAll(/[^a-zA-Z0-9:]+/g, '_').replaceAll(/^_|_$/g, '')
}
