import type { Thresholds } from '../thresholds.ts'

export const SEVERITIES = ['critical', 'warning', 'info'] as const

/** `critical` wakes somebody, `warning` is for the working day, `info` is for whoever looks. */
export type Severity = (typeof SEVERITIES)[number]

/** A series that Prometheus computes ahead. */
export interface RecordingRule {
  readonly record: string
  readonly expr: string
  /** Labels that it keeps. */
  readonly by: readonly string[]
}

/** A condition that somebody is told about. */
export interface AlertingRule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly severity: Severity
  readonly summary: string
  /** Sentence with the value and the labels, as a template of Prometheus. */
  readonly description: string
  /** Dashboard that shows it, by its uid. */
  readonly dashboard: string
}

export type Rule = RecordingRule | AlertingRule

/** Rules that are evaluated together, in this order. */
export interface RuleGroup {
  readonly name: string
  readonly rules: readonly Rule[]
}

/** Makes a group for given thresholds. */
export type RuleGroupOf = (thresholds: Thresholds) => RuleGroup

export function isAlert(rule: Rule): rule is AlertingRule {
  return 'alert' in rule
}
