import type { Attributes } from '@opentelemetry/api'

import type { DataPoint, MetricData } from './metric-data.ts'

/** The series of one metric, of which whoever reads them needs but one at a time. */
export interface SeriesView<Value> {
  /** In the order of the data points; the very array of the collection before where no series has come or gone since. */
  readonly attributes: readonly Attributes[]
  /** Where it is known: attributes by whose text any two series differ; one that is absent counts as empty. */
  readonly distinctBy?: readonly string[] | undefined
  readonly pointAt: (index: number) => DataPoint<Value>
}

/** Known to other copies of core, too. */
const VIEW = Symbol.for('@mcp/otel.series-view')

/**
 * Gives a metric its data points, which are made when somebody first asks for them. Up to then `viewOf` finds the view; in
 * a copy of the metric, or once there are points that somebody may change, it looks at those.
 */
export function withPoints<Metric extends object, Value>(
  metric: Metric,
  view: SeriesView<Value>,
): Metric & { dataPoints: DataPoint<Value>[] } {
  let points: DataPoint<Value>[] | undefined
  Object.defineProperty(metric, VIEW, { get: () => (points === undefined ? view : undefined) })
  return Object.defineProperty(metric, 'dataPoints', {
    enumerable: true,
    configurable: true,
    get: () => (points ??= pointsOf(view)),
    set(given: DataPoint<Value>[]) {
      points = given
    },
  }) as Metric & { dataPoints: DataPoint<Value>[] }
}

function pointsOf<Value>({ attributes, pointAt }: SeriesView<Value>): DataPoint<Value>[] {
  const points: DataPoint<Value>[] = []
  for (let index = 0; index < attributes.length; index++) points.push(pointAt(index))
  return points
}

type ValueOf<Metric> = Metric extends { readonly dataPoints: readonly DataPoint<infer Value>[] } ? Value : never

/** Returns the series of any metric, one at a time. */
export function viewOf<Metric extends MetricData>(metric: Metric): SeriesView<ValueOf<Metric>> {
  const { [VIEW]: view } = metric as { readonly [VIEW]?: SeriesView<ValueOf<Metric>> }
  if (view !== undefined) return view
  const points = metric.dataPoints as readonly DataPoint<ValueOf<Metric>>[]
  return {
    attributes: points.map(({ attributes }) => attributes),
    pointAt: (index) => points[index] as DataPoint<ValueOf<Metric>>,
  }
}
