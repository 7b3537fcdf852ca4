/** What has to be escaped, or takes more than a byte. */
const SPECIAL = /[^ !#-[\]-~]/

/** Up to here looking at each character is cheaper than asking an expression. */
const SHORT = 40

/** Deeper values are written as JSON, which tells cycles. */
const MAX_DEPTH = 20

/** Returns the size of a value as JSON text, in bytes; 0 for what has none. Plain data is measured without being written. */
export function jsonBytes(value: unknown): number {
  try {
    const size = sizeOf(value, 0)
    return Number.isNaN(size) ? writtenSize(value) : size
  } catch {
    return 0
  }
}

function writtenSize(value: unknown): number {
  const text: unknown = JSON.stringify(value)
  return typeof text === 'string' ? Buffer.byteLength(text) : 0
}

/** Returns NaN for what only `JSON.stringify` can tell: whatever decides by itself how it is written. */
function sizeOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return textSize(value)
  if (typeof value === 'number') return Number.isFinite(value) ? `${value}`.length : 4
  if (typeof value === 'boolean') return value ? 4 : 5
  if (value === null) return 4
  if (typeof value !== 'object' || depth === MAX_DEPTH) return NaN
  return Array.isArray(value) ? listSize(value, depth) : fieldsSize(value as Record<string, unknown>, depth)
}

function textSize(text: string): number {
  const isSpecial = text.length > SHORT ? SPECIAL.test(text) : hasSpecial(text)
  return isSpecial ? writtenSize(text) : text.length + 2
}

function hasSpecial(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return true
  }
  return false
}

function listSize(list: readonly unknown[], depth: number): number {
  if ('toJSON' in list) return NaN
  let size = Math.max(list.length, 1) + 1
  for (let i = 0; i < list.length; i++) size += sizeOf(list[i], depth + 1)
  return size
}

function fieldsSize(fields: Readonly<Record<string, unknown>>, depth: number): number {
  const prototype: unknown = Object.getPrototypeOf(fields)
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in fields) return NaN
  let size = 1
  for (const key in fields) {
    // oxlint-disable-next-line prefer-object-has-own -- takes twice the time in such a loop
    if (!Object.prototype.hasOwnProperty.call(fields, key)) continue
    const value = fields[key]
    if (value === undefined) continue
    size += textSize(key) + sizeOf(value, depth + 1) + 2
  }
  return Math.max(size, 2)
}
