import { diag } from '@opentelemetry/api'
import type { Attributes, Exception, HrTime, Link } from '@opentelemetry/api'
import type { SpanLimits, TimedEvent } from '@opentelemetry/sdk-trace'

import { isOwn } from '../is-own.ts'
import { sdkPackages } from '../sdk-packages.ts'

/** Attributes that a span has taken. */
export interface SpanAttributes {
  readonly attributes: Attributes
  readonly count: number
  readonly dropped: number
}

type AttributeLimits = Pick<Required<SpanLimits>, 'attributeCountLimit' | 'attributeValueLengthLimit'>

/**
 * Takes what a span may have of these attributes: as the SDK does, and at once where there is nothing to leave out. It is a
 * copy, unless they were made for this span.
 */
export function takeAttributes(
  given: Attributes | undefined,
  limits: AttributeLimits,
  isMadeForIt = false,
): SpanAttributes {
  if (typeof given !== 'object') return { attributes: {}, count: 0, dropped: 0 }
  const count = countPlain(given, limits)
  if (count !== undefined) return { attributes: isMadeForIt ? given : { ...given }, count, dropped: 0 }
  const { attributes = {}, droppedAttributesCount: dropped = 0 } = sdkPackages.core.cleanAttributes(given, limits)
  return { attributes, count: Object.keys(attributes).length, dropped }
}

/** Copies what a span may have of a link. */
export function takeLink({ context, attributes }: Link, limits: Required<SpanLimits>): Link {
  const { attributePerLinkCountLimit: attributeCountLimit, attributeValueLengthLimit } = limits
  return {
    context,
    ...sdkPackages.core.cleanAttributes(attributes, { attributeCountLimit, attributeValueLengthLimit }),
  }
}

/** Copies what a span may have of an event. */
export function takeEvent(
  name: string,
  time: HrTime,
  attributes: Attributes | undefined,
  limits: Required<SpanLimits>,
): TimedEvent {
  const { attributePerEventCountLimit: attributeCountLimit, attributeValueLengthLimit } = limits
  const taken = sdkPackages.core.cleanSimpleAttributes(attributes, { attributeCountLimit, attributeValueLengthLimit })
  return { name, time, ...taken }
}

/** Returns what is told of an exception, as the SDK tells it. */
export function exceptionAttributes(exception: Exception): Attributes {
  const attributes: Attributes = {}
  if (typeof exception === 'string') {
    attributes['exception.message'] = exception
  } else if (exception) {
    if (exception.code) attributes['exception.type'] = exception.code.toString()
    else if (exception.name) attributes['exception.type'] = exception.name
    if (exception.message) attributes['exception.message'] = exception.message
    if (exception.stack) attributes['exception.stacktrace'] = exception.stack
  }
  return attributes
}

/** Copies a list of texts as it is; `undefined` for any other value, and where one of them is to be cut. */
export function takeTexts(value: unknown, { attributeValueLengthLimit }: AttributeLimits): string[] | undefined {
  if (!Array.isArray(value)) return undefined
  for (const text of value as readonly unknown[])
    if (typeof text !== 'string' || text.length > attributeValueLengthLimit) return undefined
  return value.slice() as string[]
}

/** Whether a value is one that needs neither a closer look nor a copy, and not to be cut. */
export function isPlainValue(value: unknown, { attributeValueLengthLimit }: AttributeLimits): boolean {
  return typeof value === 'string'
    ? value.length <= attributeValueLengthLimit
    : typeof value === 'number' || typeof value === 'boolean'
}

/** Returns how many attributes there are if all can be taken as they are. */
function countPlain(given: Attributes, limits: AttributeLimits): number | undefined {
  let count = 0
  for (const key in given) {
    if (!isOwn(given, key)) continue
    if (key === '' || !isPlainValue(given[key], limits)) return undefined
    count++
  }
  return count <= limits.attributeCountLimit ? count : undefined
}

/** Drops the oldest where one more would be too many; returns how many that were. */
export function makeRoom(what: string, list: unknown[], limit: number, dropped: number): number {
  if (list.length < limit) return 0
  if (limit > 0 && dropped === 0) diag.debug(`Dropping extra ${what}.`)
  list.shift()
  return 1
}
