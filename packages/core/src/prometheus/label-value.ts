/**
 * Returns an attribute's value as text, by OpenTelemetry's rules for protocols without types: strings as they are,
 * bytes in base64, everything else as JSON; empty for `undefined` and `null`. Never throws.
 */
export function labelValue(value: unknown): string {
  const text = textOf(value)
  // Unpaired surrogates have no UTF-8: two values that differ in them only would be one series twice.
  return text.isWellFormed() ? text : text.toWellFormed()
}

function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'object':
      return value === null ? '' : jsonOf(value)
    default:
      return ''
  }
}

function jsonOf(value: object): string {
  try {
    if (value instanceof Uint8Array) return base64(value)
    return JSON.stringify(value, plain) ?? ''
  } catch {
    // Cyclic, or a getter of the application's that throws.
    return ''
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) return String(value)
  return value instanceof Uint8Array ? base64(value) : value
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** Escapes for within the quotes of a label value, and for `# HELP` of OpenMetrics. */
export function escapeQuoted(text: string): string {
  return /[\\"\n]/.test(text) ? text.replaceAll(/[\\"\n]/g, (it) => (it === '\n' ? '\\n' : `\\${it}`)) : text
}

/** Escapes for `# HELP` of text 0.0.4, where a quote stands for itself. */
export function escapeHelp(text: string): string {
  return /[\\\n]/.test(text) ? text.replaceAll(/[\\\n]/g, (it) => (it === '\n' ? '\\n' : '\\\\')) : text
}
