import type { Attributes } from '@opentelemetry/api'

import type { AttributeSpec, InstrumentSpec } from '../catalogue.ts'
import { accepts, keptValue, labelValue, shown } from './label-values.ts'
import type { Refusals } from './refusals.ts'

/** Reads label values out of whatever an app passes as attributes; never throws. */
export class LabelReader {
  readonly names: readonly string[]
  readonly #specs: readonly AttributeSpec[]
  readonly #optional: readonly string[]
  readonly #refusals: Refusals

  constructor(spec: InstrumentSpec, refusals: Refusals) {
    this.names = Object.keys(spec.attributes)
    this.#specs = Object.values(spec.attributes)
    this.#optional = spec.optional ?? []
    this.#refusals = refusals
  }

  /** Returns the values in declared order as they are given, or `undefined` after counting the refusal. */
  read(attributes: unknown): string[] | undefined {
    const values: string[] = []
    for (const name of this.names) {
      const value = this.#readOne(attributes, name)
      if (value === undefined) return undefined
      values.push(value)
    }
    return values
  }

  /** Returns values of a new series fit to be kept, or `undefined` after counting the refusal. */
  admit(values: readonly string[], attributes: unknown): string[] | undefined {
    for (let i = 0; i < values.length; i++) {
      const spec = this.#specs[i] as AttributeSpec
      if (accepts(spec, values[i] as string)) continue
      const accepted = `one of ${(spec as readonly string[]).map(shown).join(', ')}`
      this.#refusals.count('attribute_value', `attribute ${this.names[i]} is ${shown(values[i])}`, accepted)
      return undefined
    }
    this.#remarkUndeclared(attributes)
    return values.map(keptValue)
  }

  /**
   * Returns every combination of values for attributes of which closed ones may be left out; `undefined` when an open
   * one is missing or there are `limit` combinations or more.
   */
  combinations(given: unknown, limit: number): string[][] | undefined {
    const known = this.partial(given)
    if (known === undefined) return undefined
    let combinations: string[][] = [[]]
    for (let i = 0; i < this.names.length; i++) {
      const value = known.get(this.names[i] as string)
      const spec = this.#specs[i] as AttributeSpec
      if (value === undefined && spec === 'string') {
        this.#refusals.remark(
          'zero',
          `stays as it is: zero() needs ${this.names[i]}, as every attribute that is not a closed set`,
        )
        return undefined
      }
      const values = value === undefined ? (spec as readonly string[]) : [value]
      combinations = combinations.flatMap((head) => values.map((next) => [...head, next]))
      if (combinations.length < limit) continue
      this.#refusals.remark(
        'zero',
        `stays as it is: zero() would make ${combinations.length} series or more; the limit is ${limit}`,
      )
      return undefined
    }
    return combinations
  }

  /** Returns some attributes by name, or `undefined` when they are not what the instrument takes: nothing matches them. */
  partial(given: unknown): Map<string, string> | undefined {
    const known = new Map<string, string>()
    try {
      for (const [name, value] of Object.entries((given ?? {}) as Attributes)) {
        const label = labelValue(value)
        if (label === undefined || !this.names.includes(name)) {
          const expected = `expected strings for ${this.names.join(', ')}`
          this.#refusals.remark(
            'partial',
            `has no series with attribute ${shown(name)} of ${shown(value)}; ${expected}`,
          )
          return undefined
        }
        known.set(name, keptValue(label))
      }
      return known
    } catch {
      return undefined
    }
  }

  #readOne(attributes: unknown, name: string): string | undefined {
    let value: unknown
    try {
      value = (attributes as Attributes | null | undefined)?.[name]
    } catch (error) {
      this.#refusals.count('attributes', `reading attribute ${name} threw ${shown(error)}`, 'a plain object')
      return undefined
    }
    const label = labelValue(value)
    if (label !== undefined) return label
    if (value === undefined || value === null) {
      if (this.#optional.includes(name)) return ''
      this.#refusals.count('missing_attribute', `attribute ${name} is ${value}`, `all of ${this.names.join(', ')}`)
    } else {
      const what = `attribute ${name} is ${shown(value)} (${typeof value})`
      this.#refusals.count('attribute_type', what, 'a string, a finite number or a boolean')
    }
    return undefined
  }

  #remarkUndeclared(attributes: unknown): void {
    try {
      const name = Object.keys((attributes ?? {}) as Attributes).find((key) => !this.names.includes(key))
      if (name === undefined) return
      const declared = this.names.length === 0 ? 'no attributes' : `only ${this.names.join(', ')}`
      this.#refusals.remark('undeclared', `leaves out the attribute ${shown(name)}; its catalogue declares ${declared}`)
    } catch {
      // The declared attributes could be read, which is all that counts.
    }
  }
}
