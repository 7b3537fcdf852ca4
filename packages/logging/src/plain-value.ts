import { types } from 'node:util'

import type { KeyVerdict, Redactor } from './redactor.ts'

/** What JSON can say. */
export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain }
export type PlainObject = { [key: string]: Plain }

const MAX_DEPTH = 10
const MAX_ENTRIES = 1000
const MAX_NODES = 10_000
const MAX_STRING = 65_536
/** Longer than any secret that is known by its shape. */
const MAX_SECRET = 2048

/**
 * Turns application values into plain ones that are safe to write: secrets replaced, and Date, Map, Set, BigInt,
 * errors, class instances, circular and over-large structures kept in a readable form. Never throws.
 */
export class PlainWalk {
  readonly #redactor: Redactor
  #ancestors: object[] | undefined
  #nodes = 0

  constructor(redactor: Redactor) {
    this.#redactor = redactor
  }

  /** Returns `undefined` for what has no place in a line: `undefined` itself. */
  value(value: unknown): Plain | undefined {
    switch (typeof value) {
      case 'string':
        return this.text(value)
      case 'number':
        return Number.isFinite(value) ? value : String(value)
      case 'boolean':
        return value
      case 'undefined':
        return undefined
      case 'object':
        return value === null ? null : this.#guarded(value)
      case 'function':
        return `[Function: ${value.name === '' ? 'anonymous' : this.text(value.name)}]`
      default:
        return this.text(String(value))
    }
  }

  text(value: string): string {
    if (value.length <= MAX_STRING) return this.#redactor.text(value)
    // Cut after redaction, and short of where reading stopped, so that no secret is cut out of its pattern's sight.
    const read = this.#redactor.text(value.slice(0, 2 * MAX_STRING))
    const kept = read.slice(0, Math.min(MAX_STRING, read.length - MAX_SECRET))
    return `${kept}… (cut: ${value.length} characters)`
  }

  /** Copies the entries of an object under the rules for keys; `rename` gives the key to write, or undefined for none. */
  entries(source: object, into: PlainObject, rename?: (key: string) => string | undefined): void {
    let count = 0
    for (const key of Object.keys(source)) {
      const name = rename === undefined ? key : rename(key)
      if (name === undefined) continue
      if (count++ === MAX_ENTRIES || this.#nodes++ > MAX_NODES) {
        into['…'] = 'more entries'
        return
      }
      const verdict = this.#redactor.key(name)
      const plain = this.#property(source, key, verdict)
      if (plain !== undefined) put(into, verdict.shown, plain)
    }
  }

  #property(source: object, key: string, verdict: KeyVerdict): Plain | undefined {
    try {
      return this.#judged((source as Record<string, unknown>)[key], key, verdict)
    } catch {
      return '[unreadable]'
    }
  }

  #judged(value: unknown, key: string, { isSecret }: KeyVerdict): Plain | undefined {
    return isSecret && this.#redactor.isSecretValue(key, value) ? this.#redactor.censor : this.value(value)
  }

  #guarded(value: object): Plain | undefined {
    const ancestors = (this.#ancestors ??= [])
    if (ancestors.includes(value)) return '[Circular]'
    if (ancestors.length >= MAX_DEPTH) return Array.isArray(value) ? '[Array]' : '[Object]'
    ancestors.push(value)
    try {
      return this.#object(value)
    } catch {
      return '[unreadable]'
    } finally {
      ancestors.pop()
    }
  }

  #object(value: object): Plain | undefined {
    if (Array.isArray(value)) return this.#list(value)
    if (types.isDate(value)) {
      return Number.isNaN(Date.prototype.getTime.call(value)) ? 'Invalid Date' : Date.prototype.toISOString.call(value)
    }
    if (types.isNativeError(value) || value instanceof Error) return this.#error(value)
    if (types.isMap(value)) return this.#map(value)
    if (types.isSet(value)) return this.#list(firstOf(value), value.size)
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
      return `[${value.constructor.name}: ${value.byteLength} bytes]`
    }
    if (types.isRegExp(value)) return this.text(String(value))
    if (types.isBoxedPrimitive(value)) return this.value(value.valueOf())
    if (types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value)) {
      return `[${value.constructor.name}]`
    }
    const { toJSON, entries } = value as { toJSON?: unknown; entries?: unknown }
    if (typeof toJSON === 'function') return this.#converted(value, toJSON.call(value, '') as unknown)
    if (typeof entries === 'function' && Object.keys(value).length === 0) {
      return this.#map(entries.call(value) as Iterable<readonly [unknown, unknown]>)
    }
    return this.#fields(value)
  }

  #converted(value: object, converted: unknown): Plain | undefined {
    return converted === value ? this.#fields(value) : this.value(converted)
  }

  #fields(value: object): PlainObject {
    const into: PlainObject = {}
    this.entries(value, into)
    // A pair that names its key in a field, as HAR files, container specifications and form data have them.
    const { name, key } = value as { name?: unknown; key?: unknown }
    if (
      'value' in into &&
      [name, key].some((label) => typeof label === 'string' && this.#redactor.key(label).isSecret)
    ) {
      into['value'] = this.#redactor.censor
    }
    return into
  }

  #list(values: readonly unknown[], length = values.length): Plain[] {
    const list: Plain[] = []
    for (const [index, value] of values.entries()) {
      if (index === MAX_ENTRIES || this.#nodes++ > MAX_NODES) {
        list.push(`… ${length - index} more`)
        break
      }
      const before = values[index - 1]
      const isNamed = typeof before === 'string' && typeof value === 'string' && this.#redactor.isSecretName(before)
      list.push(isNamed ? this.#redactor.censor : (this.value(value) ?? null))
    }
    return list
  }

  #map(pairs: Iterable<readonly [unknown, unknown]>): Plain {
    const into: PlainObject = {}
    let count = 0
    for (const [key, value] of pairs) {
      if (count++ === MAX_ENTRIES || this.#nodes++ > MAX_NODES) {
        into['…'] = 'more entries'
        break
      }
      const label = typeof key === 'string' ? key : (JSON.stringify(this.value(key)) ?? 'undefined')
      const verdict = this.#redactor.key(label)
      const plain = this.#judged(value, label, verdict)
      if (plain !== undefined) put(into, verdict.shown, plain)
    }
    return into
  }

  #error(error: object): PlainObject {
    const { name, message, stack, cause } = error as Error
    const into: PlainObject = {}
    for (const [key, value] of Object.entries({ name, message, stack, cause })) {
      const plain = this.value(value)
      if (plain !== undefined) into[key] = plain
    }
    this.errorDetails(error, into)
    return into
  }

  /** Of an error's own properties those that say something in themselves: `code`, `status`; not whole requests. */
  errorDetails(error: object, into: PlainObject): void {
    this.entries(error, into, (key) => (isDetail(error, key) ? key : undefined))
  }
}

/** Sets a property whatever its name: `__proto__` is a key like any other in what users send. */
export function put(into: PlainObject, key: string, value: Plain): void {
  const isPrototype = key === '__proto__'
  if (isPrototype) Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true })
  else into[key] = value
}

function isDetail(error: object, key: string): boolean {
  const value: unknown = (error as Record<string, unknown>)[key]
  const isSimple = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isSimple && !['name', 'message', 'stack', 'level'].includes(key)
}

/** One more than is written: enough to say that there are more. */
function firstOf(values: Iterable<unknown>): unknown[] {
  const first: unknown[] = []
  for (const value of values) {
    first.push(value)
    if (first.length > MAX_ENTRIES) break
  }
  return first
}
