import type { InstrumentKind } from '../catalogue.ts'
import { DATA_POINT_TYPE, TEMPORALITY } from '../metric-data.ts'
import type { MetricData, ResourceMetrics, ScopeMetrics } from '../metric-data.ts'
import { prometheusName, prometheusUnit } from './prometheus-name.ts'

type FamilyType = 'counter' | 'gauge' | 'histogram'

/** The metrics that share one name on the page. */
export interface Family {
  /** Name of the samples, or what they begin with: `mcp_requests_total`. */
  readonly name: string
  readonly type: FamilyType
  /** As words that `name` may end in; empty for none. */
  readonly unit: string
  readonly help: string
  readonly parts: readonly FamilyPart[]
}

interface FamilyPart {
  readonly metric: MetricData
  readonly scope: ScopeMetrics['scope']
}

/** Says what could not be written as it was. */
export type Report = (problem: string) => void

const KIND_OF_TYPE: Readonly<Record<FamilyType, InstrumentKind>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
}

/** Groups collected metrics by their Prometheus name, in the order of their first appearance. */
export function familiesOf({ scopeMetrics }: ResourceMetrics, report: Report): Family[] {
  const families = new Map<string, Family & { parts: FamilyPart[] }>()
  for (const { scope, metrics } of scopeMetrics) {
    for (const metric of metrics) {
      const entry = entryOf(metric, report)
      if (entry === undefined) continue
      const family = families.get(entry.name)
      if (family === undefined) {
        families.set(entry.name, { ...entry, parts: [{ metric, scope }] })
      } else if (family.type === entry.type) {
        family.parts.push({ metric, scope })
        families.set(entry.name, mergedMetadata(family, entry, report))
      } else {
        report(
          `metric ${entry.name} is a ${family.type} and, in scope ${JSON.stringify(scope.name)}, also a ${entry.type}; ` +
            `only the ${family.type} is on the page: rename one of them`,
        )
      }
    }
  }
  return [...families.values()]
}

type Entry = Omit<Family, 'parts'>

function entryOf(metric: MetricData, report: Report): Entry | undefined {
  const { name: otelName, unit, description } = metric.descriptor
  const quoted = JSON.stringify(otelName)
  const type = typeOf(metric)
  if (type === undefined) {
    report(`metric ${quoted} is of the unknown data point type ${String(metric.dataPointType)}; it is not on the page`)
    return undefined
  }
  if (metric.dataPointType !== DATA_POINT_TYPE.GAUGE && metric.aggregationTemporality === TEMPORALITY.DELTA) {
    report(`metric ${quoted} was collected as delta; it is not on the page: collect it as cumulative`)
    return undefined
  }
  const kind = metric.dataPointType === DATA_POINT_TYPE.SUM && type === 'gauge' ? 'upDownCounter' : KIND_OF_TYPE[type]
  const name = prometheusName(otelName, unit, kind)
  if (name === '') {
    report(`metric ${quoted} has no letter or digit in its name; it is not on the page: rename it`)
    return undefined
  }
  return { name, type, unit: prometheusUnit(unit, kind), help: description.toWellFormed() }
}

function typeOf(metric: MetricData): FamilyType | undefined {
  switch (metric.dataPointType) {
    case DATA_POINT_TYPE.SUM:
      return metric.isMonotonic ? 'counter' : 'gauge'
    case DATA_POINT_TYPE.GAUGE:
      return 'gauge'
    case DATA_POINT_TYPE.HISTOGRAM:
    case DATA_POINT_TYPE.EXPONENTIAL_HISTOGRAM:
      return 'histogram'
    default:
      return undefined
  }
}

function mergedMetadata<F extends Entry>(family: F, entry: Entry, report: Report): F {
  for (const field of ['help', 'unit'] as const) {
    if (family[field] !== '' && entry[field] !== '' && family[field] !== entry[field]) {
      report(
        `metric ${family.name} has two ${field}s, ${JSON.stringify(family[field])} and ${JSON.stringify(entry[field])}; ` +
          'the page has the first',
      )
    }
  }
  return { ...family, help: family.help || entry.help, unit: family.unit || entry.unit }
}
