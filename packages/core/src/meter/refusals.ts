import { shown } from './label-values.ts'
import type { NoticeBoard } from './notices.ts'

/** Why a record was refused; `attributes` when they could not be read at all. */
export const REFUSAL_REASONS = [
  'value',
  'attributes',
  'missing_attribute',
  'attribute_type',
  'attribute_value',
] as const
export type RefusalReason = (typeof REFUSAL_REASONS)[number]

/** Counts what one instrument refused, and says the first of each kind. */
export class Refusals {
  readonly counts = new Map<RefusalReason, number>()
  readonly #instrument: string
  readonly #notices: NoticeBoard

  constructor(instrument: string, notices: NoticeBoard) {
    this.#instrument = instrument
    this.#notices = notices
  }

  count(reason: RefusalReason, what: string, accepted: string): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1)
    this.#notices.warn(
      `${reason} ${this.#instrument}`,
      `${this.#instrument} refused a record: ${what}; expected ${accepted} (said once, counted in mcp_telemetry_refused_records_total)`,
    )
  }

  /** Says what is not right but costs no record. */
  remark(topic: string, message: string): void {
    this.#notices.warn(`${topic} ${this.#instrument}`, `${this.#instrument} ${message}`)
  }

  value(value: unknown, accepted: string): void {
    this.count('value', `value is ${shown(value)}${typeof value === 'number' ? '' : ` (${typeof value})`}`, accepted)
  }
}
