import type { ScopeMetrics } from '../metric-data.ts'
import type { Labels } from './label-text.ts'
import { escapeQuoted, labelValue } from './label-value.ts'

/** Returns the labels that name an instrumentation scope: `otel_scope_name="…",otel_scope_version="…"`. */
export function scopeLabels({ name, version, schemaUrl }: ScopeMetrics['scope']): Labels {
  const pairs = Object.entries({
    otel_scope_name: name,
    otel_scope_version: version,
    otel_scope_schema_url: schemaUrl,
  }).filter(([, value]) => value !== undefined && value !== '')
  const text = pairs.map(([label, value]) => `${label}="${escapeQuoted(labelValue(value))}"`).join(',')
  return { text, key: text }
}

/** Returns both sets of labels as one; they share no name. */
export function withLabels(a: Labels, b: Labels): Labels {
  if (a.text === '') return b
  return b.text === '' ? a : { text: `${a.text},${b.text}`, key: `${a.key},${b.key}` }
}
