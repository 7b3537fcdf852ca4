import { labelName, prometheusName, type AttributeSpec } from '@mcp/otel-core'

import { catalogues } from './catalogues.ts'
import { PROMETHEUS_TYPE } from './metrics-table.ts'

/** The whole of packages/ops/generated/metrics.json: every metric as Prometheus sees it, by its name. */
export function opsMetrics(): string {
  const specs = catalogues.flatMap(({ catalogue }) => Object.values(catalogue))
  const metrics = Object.fromEntries(
    specs.map(({ kind, name, unit, help, attributes, buckets }) => [
      prometheusName(name, unit, kind),
      { type: PROMETHEUS_TYPE[kind], unit, help, labels: labels(attributes), buckets },
    ]),
  )
  return `${JSON.stringify(metrics, undefined, 2)}\n`
}

/** Closed value sets as lists; `null` for a label that takes any value. */
function labels(attributes: Readonly<Record<string, AttributeSpec>>): Record<string, readonly string[] | null> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, accepted]) => [
      labelName(name),
      typeof accepted === 'string' ? null : accepted,
    ]),
  )
}
