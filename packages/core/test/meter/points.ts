import type { SeriesCollection, SeriesProducer } from '../../src/index.ts'

/** A point's value, boiled down to what tests compare. */
export type PointValue = number | { count: number; sum: number; counts: number[]; min?: number; max?: number }

/** Values by instrument name and by the JSON of the attribute values. */
export type Points = Map<string, Map<string, PointValue>>

/** What any producer yields, of the SDK or ours. */
export interface Collected {
  readonly resourceMetrics: {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly descriptor: { readonly name: string }
        readonly dataPoints: readonly { readonly attributes: object; readonly value: unknown }[]
      }[]
    }[]
  }
}

export function keyOf(attributes: object): string {
  return JSON.stringify(attributes, Object.keys(attributes).toSorted())
}

export function pointsOf({ resourceMetrics }: Collected): Points {
  const points: Points = new Map()
  for (const { metrics } of resourceMetrics.scopeMetrics) {
    for (const { descriptor, dataPoints } of metrics) {
      const byKey = points.get(descriptor.name) ?? new Map<string, PointValue>()
      points.set(descriptor.name, byKey)
      for (const { attributes, value } of dataPoints) {
        if (byKey.has(keyOf(attributes))) throw new Error(`two points of ${descriptor.name} for ${keyOf(attributes)}`)
        byKey.set(keyOf(attributes), plain(value))
      }
    }
  }
  return points
}

export async function collectPoints(producer: SeriesProducer): Promise<Points> {
  return pointsOf(await producer.collect())
}

/** Returns the value of one series, or `undefined`. */
export function valueOf(points: Points, name: string, attributes: object = {}): PointValue | undefined {
  return points.get(name)?.get(keyOf(attributes))
}

export function firstData(collection: SeriesCollection, name: string) {
  const all = collection.resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
  const found = all.find(({ descriptor }) => descriptor.name === name)
  if (found === undefined) throw new Error(`no data for ${name}`)
  return found
}

function plain(value: unknown): PointValue {
  if (typeof value === 'number') return value
  const { count, sum, buckets, min, max } = value as {
    count: number
    sum: number
    buckets: { counts: readonly number[] }
    min?: number
    max?: number
  }
  return {
    count,
    sum,
    counts: [...buckets.counts],
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
  }
}
