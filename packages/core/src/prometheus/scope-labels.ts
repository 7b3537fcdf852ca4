import type { ScopeMetrics } from '../metric-data.ts'
import { escapeQuoted, labelValue } from './label-value.ts'

/** Returns the labels that name an instrumentation scope: `otel_scope_name="…",otel_scope_version="…"`. */
export function scopeLabels({ name, version, schemaUrl }: ScopeMetrics['scope']): string {
  return Object.entries({ otel_scope_name: name, otel_scope_version: version, otel_scope_schema_url: schemaUrl })
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([label, value]) => `${label}="${escapeQuoted(labelValue(value))}"`)
    .join(',')
}
