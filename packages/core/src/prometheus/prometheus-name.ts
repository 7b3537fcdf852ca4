import type { InstrumentKind } from '../catalogue.ts'
import { unitWords } from './unit-name.ts'

/**
 * Returns the name that a metric has in Prometheus, on this page as behind an OTLP receiver: `mcp.request.duration` in
 * `s` is `mcp_request_duration_seconds`, a counter ends in `_total`, a gauge in `1` in `_ratio`, and no suffix is
 * doubled. Empty when `name` holds no letter or digit.
 */
export function prometheusName(name: string, unit: string, kind: InstrumentKind): string {
  let tokens = name.split(/[^a-zA-Z0-9:]+/).filter((token) => token !== '')
  if (tokens.length === 0) return ''
  for (const word of unitWords(unit)) {
    if (!`_${tokens.join('_')}_`.includes(`_${word}_`)) tokens.push(word)
  }
  const suffix = suffixOf(unit, kind)
  if (suffix !== '') tokens = [...withoutWord(tokens, suffix), suffix]
  const joined = tokens.join('_')
  return /^[0-9]/.test(joined) ? `_${joined}` : joined
}

/** Returns the unit as `# UNIT` of OpenMetrics states it, `bytes_per_second`; empty where there is none. */
export function prometheusUnit(unit: string, kind: InstrumentKind): string {
  return isRatio(unit, kind) ? 'ratio' : unitWords(unit).join('_')
}

function suffixOf(unit: string, kind: InstrumentKind): string {
  if (kind === 'counter' || kind === 'observableCounter') return 'total'
  return isRatio(unit, kind) ? 'ratio' : ''
}

function isRatio(unit: string, kind: InstrumentKind): boolean {
  return unit === '1' && (kind === 'gauge' || kind === 'observableGauge')
}

function withoutWord(tokens: readonly string[], word: string): readonly string[] {
  const rest = tokens.filter((token) => token !== word)
  return rest.length === 0 ? [word] : rest
}
