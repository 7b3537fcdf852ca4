import { keyOf } from './points.ts'
import type { PointValue } from './points.ts'

type Increment = readonly [instrument: string, attributes: Readonly<Record<string, string>>, value: number]
type Totals = Map<string, Map<string, Summary>>

interface Summary {
  values: number[]
}

export const BOUNDS = [1, 4, 16]

/** The simplest meter that can be right: it keeps every single value. */
export class Truth {
  readonly #series: Totals = new Map()
  readonly #readers: Totals[] = []

  /** Adds a delta reader: it is to be given all that is there, and all that comes. */
  addReader(): number {
    const copy: Totals = new Map()
    for (const [name, series] of this.#series) {
      copy.set(name, new Map([...series].map(([key, { values }]) => [key, { values: [...values] }])))
    }
    return this.#readers.push(copy) - 1
  }

  record([name, attributes, value]: Increment): void {
    for (const totals of [this.#series, ...this.#readers]) at(totals, name, keyOf(attributes)).values.push(value)
  }

  zero(name: string, attributes: Readonly<Record<string, string>>): void {
    const isNew = this.#series.get(name)?.has(keyOf(attributes)) !== true
    at(this.#series, name, keyOf(attributes))
    if (isNew) for (const totals of this.#readers) at(totals, name, keyOf(attributes))
  }

  remove(name: string, match: Readonly<Record<string, string>>): void {
    const series = this.#series.get(name)
    for (const key of series?.keys() ?? []) {
      const attributes = JSON.parse(key) as Record<string, string>
      if (!Object.entries(match).every(([label, value]) => attributes[label] === value)) continue
      series?.delete(key)
      // What a reader was never given and holds nothing need not be given either.
      for (const totals of this.#readers) {
        if (totals.get(name)?.get(key)?.values.length === 0) totals.get(name)?.delete(key)
      }
    }
  }

  /** What a cumulative reader is to see. */
  cumulative(name: string, kind: 'sum' | 'histogram'): Map<string, PointValue> {
    return summarize(this.#series.get(name), kind)
  }

  /** What a delta reader is to be given now. */
  take(reader: number, name: string, kind: 'sum' | 'histogram'): Map<string, PointValue> {
    const totals = this.#readers[reader]?.get(name)
    const result = summarize(totals, kind)
    totals?.clear()
    return result
  }
}

function at(totals: Totals, name: string, key: string): Summary {
  const series = totals.get(name) ?? new Map<string, Summary>()
  totals.set(name, series)
  const known = series.get(key) ?? { values: [] }
  series.set(key, known)
  return known
}

function summarize(series: Map<string, Summary> | undefined, kind: 'sum' | 'histogram'): Map<string, PointValue> {
  return new Map(
    [...(series ?? [])].map(([key, { values }]) => [key, kind === 'sum' ? total(values) : histogram(values)]),
  )
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

function histogram(values: readonly number[]): PointValue {
  const counts = [...BOUNDS, Infinity].map(
    (bound, i) => values.filter((value) => value <= bound && (i === 0 || value > (BOUNDS[i - 1] as number))).length,
  )
  return {
    count: values.length,
    sum: total(values),
    counts,
    ...(values.length > 0 && { min: Math.min(...values), max: Math.max(...values) }),
  }
}
