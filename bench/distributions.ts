import type { ContestantKind } from './harness/suite.ts'

/** Something that makes an app observable without a change to it, by what Node is told. */
export interface Distribution {
  readonly contestant: string
  readonly kind: ContestantKind
  /** Names are those of packages, and are found from the folder of the contestants. */
  readonly nodeOptions: readonly string[]
}

const bare: Distribution = { contestant: 'bare node', kind: 'limit', nodeOptions: [] }

/** For an app of CommonJS modules. */
export const commonJsDistributions: readonly Distribution[] = [
  bare,
  { contestant: 'ours, --require', kind: 'ours', nodeOptions: ['--require', '@mcp/otel/register'] },
  { contestant: 'ours, --import', kind: 'ours', nodeOptions: ['--import', '@mcp/otel/register'] },
  {
    contestant: 'auto-instrumentations-node',
    kind: 'peer',
    nodeOptions: ['--require', '@opentelemetry/auto-instrumentations-node/register'],
  },
  { contestant: 'EDOT', kind: 'peer', nodeOptions: ['--import', '@elastic/opentelemetry-node'] },
  { contestant: 'dash0', kind: 'peer', nodeOptions: ['--require', '@dash0/opentelemetry'] },
  { contestant: 'sdk-node, no instrumentation', kind: 'peer', nodeOptions: ['--require', './sdk-node.cjs'] },
]

/** For an app of ECMAScript modules, whose imports are to be observed as well. */
export const esModuleDistributions: readonly Distribution[] = [
  bare,
  { contestant: 'ours, --import', kind: 'ours', nodeOptions: ['--import', '@mcp/otel/register'] },
  {
    contestant: 'auto-instrumentations-node',
    kind: 'peer',
    nodeOptions: [
      '--experimental-loader',
      '@opentelemetry/instrumentation/hook.mjs',
      '--import',
      '@opentelemetry/auto-instrumentations-node/register',
    ],
  },
  { contestant: 'EDOT', kind: 'peer', nodeOptions: ['--import', '@elastic/opentelemetry-node'] },
]

/** Returns what all of them are told: everything on, exported to one collector, and our page on a port of its own. */
export function distributionEnvironment(collectorUrl: string): Record<string, string> {
  return {
    OTEL_SERVICE_NAME: 'bench',
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    DASH0_OTEL_COLLECTOR_BASE_URL: collectorUrl,
    OTEL_EXPORTER_PROMETHEUS_PORT: '0',
    // Without those that ask a cloud for its metadata, which would be waited for in vain.
    OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process,serviceinstance',
  }
}
