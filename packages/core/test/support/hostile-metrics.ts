import type { Attributes } from '@opentelemetry/api'
import * as fc from 'fast-check'

import type { DataPoint, Exemplar, ExponentialHistogramValue, MetricData, ResourceMetrics } from '../../src/index.ts'
import { DATA_POINT_TYPE, TEMPORALITY } from '../../src/index.ts'

/** Any text, most of it of the kind that breaks pages. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('"', '\\', '\n', '\r', '\0', '{', '}', ',', '=', '#', ' ', 'n', '\uD800', 'ü'),
    maxLength: 8,
  }),
)

const anyName = fc.oneof(
  anyText,
  fc.constantFrom(
    'a',
    'a.b',
    'a_b',
    'a-b',
    'jobs',
    'jobs.total',
    'jobs.count',
    'jobs_bucket',
    'jobs.created',
    'target',
    'target.info',
    '1st',
  ),
)
const anyUnit = fc.oneof(anyText, fc.constantFrom('', '', 's', 'By', '1', '{job}', 'By/s', '1/{x}', 'total'))
const anyLabel = fc.oneof(
  anyText,
  fc.constantFrom('le', 'quantile', '__name__', 'a.b', 'a_b', 'a-b', '2xx', 'job', 'otel.scope.name', ''),
)
const anyValue = fc.oneof(anyText, fc.constantFrom('200', '', 200, true), fc.anything({ withBigInt: true }))

export const anyNumber = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 2 ** 53),
)
const anyCount = fc.oneof(fc.nat(), fc.nat(), fc.nat(), fc.constantFrom(-1, 0.5, Number.NaN, Infinity))
const anyBounds = fc.oneof(
  fc
    .uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 6 })
    .map((it) => it.toSorted((a, b) => a - b)),
  fc.array(fc.double(), { maxLength: 4 }),
)

/** Explicit histograms; with `sound` only such as a right collection yields. */
function histogramValue(sound: boolean) {
  return anyBounds.chain((bounds) => {
    const boundaries = sound
      ? [...new Set(bounds.filter(Number.isFinite).map((it) => it + 0))].toSorted((a, b) => a - b)
      : bounds
    const counts = fc.array(sound ? fc.nat() : anyCount, {
      minLength: boundaries.length + 1,
      maxLength: boundaries.length + 1,
    })
    return fc.record({ counts, sum: fc.option(anyNumber, { nil: undefined }) }).map(({ counts: found, sum }) => {
      return { buckets: { boundaries, counts: found }, count: found.reduce((total, it) => total + it, 0), sum }
    })
  })
}

const exponentialSide = fc.record({
  offset: fc.integer({ min: -2000, max: 2000 }),
  bucketCounts: fc.array(fc.nat({ max: 9 }), { maxLength: 12 }),
})
/** Exponential histograms of any scale. */
export const exponentialValue: fc.Arbitrary<ExponentialHistogramValue> = fc
  .record({
    scale: fc.integer({ min: -10, max: 20 }),
    zeroCount: fc.nat({ max: 9 }),
    sum: fc.option(anyNumber, { nil: undefined }),
    positive: exponentialSide,
    negative: exponentialSide,
  })
  .map((value) => {
    const counts = [value.zeroCount, ...value.positive.bucketCounts, ...value.negative.bucketCounts]
    return { ...value, count: counts.reduce((total, it) => total + it, 0) }
  })

const exemplars: fc.Arbitrary<Exemplar[] | undefined> = fc.option(
  fc.array(
    fc.record({
      value: anyNumber,
      timestamp: anyNumber,
      traceId: fc.oneof(fc.constant('0af7651916cd43dd8448eb211c80319c'), anyText),
      spanId: fc.oneof(fc.constant('b7ad6b7169203331'), anyText),
    }),
    { maxLength: 4 },
  ),
  { nil: undefined },
)

const attributes: fc.Arbitrary<Attributes> = fc.dictionary(anyLabel, anyValue, { maxKeys: 5, noNullPrototype: true })

/** Pages one after the other, on which series come, go and change places; each series keeps its attributes object. */
export const pageSequence: fc.Arbitrary<ResourceMetrics[]> = fc
  .array(attributes, { minLength: 1, maxLength: 12 })
  .chain((pool) => {
    const choice = fc.oneof(fc.subarray(pool), fc.shuffledSubarray(pool), fc.constant(pool))
    const page = fc
      .array(fc.tuple(fc.constantFrom('a', 'b'), fc.boolean(), choice), { maxLength: 3 })
      .map((metrics) => ({
        resource: { attributes: {} },
        scopeMetrics: metrics.map(([name, isMonotonic, chosen], scope) => ({
          scope: { name: `scope${scope}` },
          metrics: [
            {
              descriptor: { name, unit: '', description: '' },
              aggregationTemporality: TEMPORALITY.CUMULATIVE,
              dataPointType: DATA_POINT_TYPE.SUM,
              isMonotonic,
              dataPoints: chosen.map((of) => ({
                attributes: of,
                value: 2 ** pool.indexOf(of),
                startTime: [0, 0] as [number, number],
                endTime: [1, 0] as [number, number],
              })),
            },
          ],
        })),
      }))
    return fc.array(page, { minLength: 2, maxLength: 6 })
  })

function points<T>(value: fc.Arbitrary<T>, sound: boolean): fc.Arbitrary<Array<DataPoint<T>>> {
  const point = fc
    .record({ attributes, value, exemplars, seconds: fc.nat({ max: 3 }) })
    .map(({ seconds, exemplars: some, ...rest }) => {
      const times = { startTime: [0, 0] as [number, number], endTime: [seconds, 0] as [number, number] }
      return { ...rest, ...times, ...(some !== undefined && { exemplars: some }) }
    })
  return fc.array(point, { maxLength: sound ? 3 : 6 })
}

function metric(sound: boolean): fc.Arbitrary<MetricData> {
  const descriptor = fc.record({ name: anyName, unit: anyUnit, description: anyText })
  const temporality = sound ? fc.constant(TEMPORALITY.CUMULATIVE) : fc.constantFrom(0, 1, 1, 1, 1)
  const base = { descriptor, aggregationTemporality: temporality }
  const amount = sound ? fc.double({ min: 0, noNaN: true, max: Number.MAX_VALUE }) : anyNumber
  return fc.oneof(
    fc.record({
      ...base,
      dataPointType: fc.constant(DATA_POINT_TYPE.SUM),
      isMonotonic: fc.constant(true),
      dataPoints: points(amount, sound),
    }),
    fc.record({
      ...base,
      dataPointType: fc.constant(DATA_POINT_TYPE.SUM),
      isMonotonic: fc.constant(false),
      dataPoints: points(anyNumber, sound),
    }),
    fc.record({ ...base, dataPointType: fc.constant(DATA_POINT_TYPE.GAUGE), dataPoints: points(anyNumber, sound) }),
    fc.record({
      ...base,
      dataPointType: fc.constant(DATA_POINT_TYPE.HISTOGRAM),
      dataPoints: points(histogramValue(sound), sound),
    }),
    ...(sound
      ? []
      : [
          fc.record({
            ...base,
            dataPointType: fc.constant(DATA_POINT_TYPE.EXPONENTIAL_HISTOGRAM),
            dataPoints: points(exponentialValue, sound),
          }),
        ]),
  )
}

function collection(sound: boolean): fc.Arbitrary<ResourceMetrics> {
  const scopes = fc.array(
    fc.record({
      scope: fc.record({ name: anyText, version: fc.option(anyText, { nil: undefined }) }),
      metrics: fc.array(metric(sound), { maxLength: sound ? 4 : 8 }),
    }),
    { maxLength: 3 },
  )
  return fc.record({ resource: fc.record({ attributes }), scopeMetrics: scopes })
}

/** Any data at all: names that clash, series that repeat, counts that are none. */
export const hostileMetrics: fc.Arbitrary<ResourceMetrics> = collection(false)

/**
 * Data of which everything has its place on a page, without exponential histograms: names and attributes are as wild, but every metric has a name of its
 * own, every point an `id`, and the numbers are such as their kind can have.
 */
export const soundMetrics: fc.Arbitrary<ResourceMetrics> = collection(true).map(({ resource, scopeMetrics }) => {
  let id = 0
  return {
    resource,
    scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map((it) => {
        const descriptor = { ...it.descriptor, name: `m${id++}x.${it.descriptor.name}` }
        const dataPoints = it.dataPoints.map((point) => ({
          ...point,
          attributes: { ...point.attributes, id: `p${id++}` },
        }))
        return { ...it, descriptor, dataPoints } as MetricData
      }),
    })),
  }
})
