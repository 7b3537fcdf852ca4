import type { OpsOptions } from '../ops-options.ts'
import { parseSelector } from '../promql/with-selector.ts'
import { parseThresholds, thresholds, type Threshold } from '../thresholds.ts'

/** Flags that both commands take, for `parseArgs`. */
export const packFlags = {
  selector: { type: 'string' },
  threshold: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** What those flags mean; throws when a value is not accepted. */
export function packOptions(values: { selector?: string | undefined; threshold?: string[] | undefined }): OpsOptions {
  return {
    ...(values.selector === undefined ? {} : { selector: parseSelector(values.selector) }),
    thresholds: parseThresholds(values.threshold ?? []),
  }
}

/** The thresholds for the help text. */
export function thresholdHelp(): string {
  const width = Math.max(...Object.keys(thresholds).map((name) => name.length))
  return Object.entries<Threshold>(thresholds)
    .map(([name, { default: value, doc, unit }]) => `  ${name.padEnd(width)}  ${doc} Default ${value} (${unit}).`)
    .join('\n')
}
