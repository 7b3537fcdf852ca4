import type { ThresholdName } from '../thresholds.ts'

/** One line, or one set of lines, of a panel. */
export interface QuerySpec {
  readonly expr: string
  /** Legend; `{{label}}` stands for a label's value. */
  readonly legend: string
  /** Shows exemplars, which lead to traces. */
  readonly exemplars?: boolean
  /** Only the value now, for counts over the whole range. */
  readonly instant?: boolean
}

/** One panel as plain data; the matchers of the dashboard's variables are added to its expressions. */
export interface PanelSpec {
  readonly title: string
  readonly kind: 'timeseries' | 'gauge' | 'stat'
  /** What it shows and how to read it, in a sentence. */
  readonly description: string
  /** Unit as Grafana calls it: `reqps`, `s`, `percentunit`. */
  readonly unit: string
  readonly queries: readonly QuerySpec[]
  /** Limit that is drawn in red: the same one that its alert has. */
  readonly limit?: { readonly threshold: ThresholdName; readonly alert: string }
  readonly max?: number
  readonly stack?: boolean
  /** The expression is the guide's and stays as it is. */
  readonly asWritten?: boolean
  /** Width of 24. */
  readonly width?: number
}

export interface DashboardSpec {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly rows: readonly { readonly title: string; readonly panels: readonly PanelSpec[] }[]
}
