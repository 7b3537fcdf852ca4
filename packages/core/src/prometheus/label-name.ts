/** Labels that the format itself writes: an attribute of that name would say something else, or stand twice. */
const RESERVED = /^(?:le|quantile|otel_scope_.*)$/

/**
 * Returns the label name for an attribute: what Prometheus does not take becomes `_`, a leading digit gets `key_` before
 * it, and what the format keeps for itself (`le`, `quantile`, `otel_scope_…`) `exported_`. Never empty, never `__…`.
 */
export function labelName(attribute: string): string {
  const name = attribute.replaceAll(/[^a-zA-Z0-9]+/g, '_')
  if (name === '') return '_'
  if (/^[0-9]/.test(name)) return `key_${name}`
  return RESERVED.test(name) ? `exported_${name}` : name
}
