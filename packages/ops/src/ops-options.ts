import { resolveThresholds, type Thresholds } from './thresholds.ts'

/** What users may change about the pack. */
export interface OpsOptions {
  /** Matchers that every expression gets, `job="mcp"`; without, every server that Prometheus scrapes is meant. */
  readonly selector?: string
  readonly thresholds?: Partial<Thresholds>
  /**
   * Folder of the runbooks, an address: `https://wiki.example.com/runbooks`. Default: dashboards lead to the one that shows
   * the runbooks, alerts likewise where `grafana` is known, else to `docs/runbooks` in the pack.
   */
  readonly runbooks?: string
  /** Address of Grafana, which alerts then link to. */
  readonly grafana?: string
  /** Address that the dashboards' link to the logs leads to. Default: Grafana's own Explore. */
  readonly logs?: string
  /** Uid of Grafana's data source. Default: what the reader chooses in the dashboard. */
  readonly datasource?: string
}

/** The same with every default in its place. */
export interface ResolvedOptions {
  readonly selector: string
  readonly thresholds: Thresholds
  readonly runbooks: string | undefined
  readonly grafana: string | undefined
  readonly logs: string
  readonly datasource: string | undefined
}

export function resolveOptions(options: OpsOptions = {}): ResolvedOptions {
  const { datasource, grafana, logs = '/explore', runbooks, selector = '' } = options
  return {
    selector,
    thresholds: resolveThresholds(options.thresholds),
    runbooks: runbooks === undefined ? undefined : withoutSlash(runbooks),
    grafana: grafana === undefined ? undefined : withoutSlash(grafana),
    logs,
    datasource,
  }
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '')
}
