import { END_AT_TICK, IDS_WHEN_ASKED, READ_TICK } from '@mcp/otel-core'
import type { TickedOptions } from '@mcp/otel-core'
import { diag, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { Attributes, AttributeValue, Exception, HrTime, Link } from '@opentelemetry/api'
import type { SpanContext, SpanStatus, TimeInput } from '@opentelemetry/api'
import type { InstrumentationScope } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { Span, TimedEvent } from '@opentelemetry/sdk-trace'

import { PLAIN_IDS } from '../ids/plain-ids.ts'
import { SPAN_IDS } from '../ids/span-ids.ts'
import type { SpanIds } from '../ids/span-ids.ts'
import { isOwn } from '../is-own.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { exceptionAttributes, isPlainValue, makeRoom, takeEvent, takeLink, takeTexts } from './span-attributes.ts'
import type { SpanAttributes } from './span-attributes.ts'
import type { SpanOrigin } from './span-origin.ts'
import { givenTime, isBefore, NOT_ENDED, timeAfter } from './span-time.ts'

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * A span that is recorded, to processors, exporters and callers what the SDK's own is, which takes three times as long. Nothing
 * of it is private to the language: apps hand on objects that inherit from a span, and proxies of one.
 */
export class RecordedSpan implements Span {
  name: string
  readonly kind: SpanKind
  readonly parentSpanContext?: SpanContext
  readonly startTime: HrTime
  endTime: HrTime = NOT_ENDED
  status: SpanStatus = { code: SpanStatusCode.UNSET }
  readonly attributes: Attributes
  readonly links: Link[]
  readonly events: TimedEvent[] = []
  readonly resource: Resource
  readonly instrumentationScope: InstrumentationScope
  private readonly _origin: SpanOrigin
  private readonly _ids: SpanIds
  private readonly _isStartGiven: boolean
  /** When it was made: by the clock that is set now and then, and by the one that only runs. */
  private readonly _madeAt = Date.now()
  private readonly _madeAtTick: number
  /** One that is set again counts again, until there seem to be too many: to look each time costs as much as to set it. */
  private _attributesAtMost: number
  private _droppedAttributesCount: number
  private _droppedEventsCount = 0
  private _droppedLinksCount = 0
  /** Worked out when it is asked for: nobody does who exports by OTLP. */
  private _duration: HrTime | undefined = undefined
  private _ended = false

  /** What it is `taken` to have, and its links, are its own from now on. */
  constructor(
    origin: SpanOrigin,
    name: string,
    { kind = SpanKind.INTERNAL, startTime, [READ_TICK]: tick }: TickedOptions,
    ids: SpanIds,
    parent: SpanContext | undefined,
    taken: SpanAttributes,
    links: Link[],
  ) {
    const { linkCountLimit } = origin.limits
    this._madeAtTick = tick ?? performance.now()
    this.name = name
    this.kind = kind
    // As the SDK has it: there, and undefined.
    this.parentSpanContext = parent as SpanContext
    this._isStartGiven = startTime != null
    this.startTime = startTime == null ? sdkPackages.core.millisToHrTime(this._madeAt) : this._timeOf(startTime)
    this.attributes = taken.attributes
    this.links = links.length > linkCountLimit ? links.slice(links.length - linkCountLimit) : links
    this.resource = origin.resource
    this.instrumentationScope = origin.scope
    this._origin = origin
    this._ids = ids
    this._attributesAtMost = taken.count
    this._droppedAttributesCount = taken.dropped
    this._droppedLinksCount = links.length - this.links.length
  }

  get [IDS_WHEN_ASKED](): true {
    return true
  }

  get [PLAIN_IDS](): boolean {
    return this._ids.arePlain
  }

  get [SPAN_IDS](): SpanIds | undefined {
    // A processor may have given it another identity.
    return this.spanContext === RecordedSpan.prototype.spanContext ? this._ids : undefined
  }

  get duration(): HrTime {
    if (this.endTime === NOT_ENDED) return [-1, -1]
    return (this._duration ??= sdkPackages.core.hrTimeDuration(this.startTime, this.endTime))
  }

  get ended(): boolean {
    return this._ended
  }

  get droppedAttributesCount(): number {
    return this._droppedAttributesCount
  }

  get droppedEventsCount(): number {
    return this._droppedEventsCount
  }

  get droppedLinksCount(): number {
    return this._droppedLinksCount
  }

  spanContext(): SpanContext {
    return this._ids.context
  }

  isRecording(): boolean {
    return !this._ended
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (this._isOver()) return this
    const { limits } = this._origin
    const taken = isPlainValue(value, limits) ? value : takeTexts(value, limits)
    if (this._attributesAtMost < limits.attributeCountLimit && key !== '' && taken !== undefined) {
      this._attributesAtMost++
      this.attributes[key] = taken
    } else this._addAttribute(key, value)
    return this
  }

  setAttributes(attributes: Attributes): this {
    for (const key in attributes) if (isOwn(attributes, key)) this.setAttribute(key, attributes[key])
    return this
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this._isOver()) return this
    const { eventCountLimit } = this._origin.limits
    if (eventCountLimit === 0) diag.warn('No events allowed.')
    this._droppedEventsCount += makeRoom('events', this.events, eventCountLimit, this._droppedEventsCount)
    if (eventCountLimit === 0) return this
    const { isTimeInput } = sdkPackages.core
    const isTime = isTimeInput(attributesOrTime)
    const at = isTime && !isTimeInput(time) ? attributesOrTime : time
    const attributes = isTime ? undefined : attributesOrTime
    this.events.push(takeEvent(name, this._timeOf(at), attributes, this._origin.limits))
    return this
  }

  addLink(link: Link): this {
    if (this._isOver()) return this
    const { linkCountLimit } = this._origin.limits
    this._droppedLinksCount += makeRoom('links', this.links, linkCountLimit, this._droppedLinksCount)
    if (linkCountLimit > 0) this.links.push(takeLink(link, this._origin.limits))
    return this
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link)
    return this
  }

  setStatus({ code, message }: SpanStatus): this {
    if (this._isOver() || code === SpanStatusCode.UNSET || this.status.code === SpanStatusCode.OK) return this
    const isError = code === SpanStatusCode.ERROR
    if (isError && message != null && typeof message !== 'string') {
      diag.warn(`Dropping invalid status.message of type '${typeof message}', expected 'string'`)
    }
    this.status = isError && typeof message === 'string' ? { code, message } : { code }
    return this
  }

  updateName(name: string): this {
    if (!this._isOver()) this.name = name
    return this
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const attributes = exceptionAttributes(exception)
    if (attributes['exception.type'] || attributes['exception.message']) this.addEvent('exception', attributes, time)
    else diag.warn(`Failed to record an exception: it has neither type nor message (${typeof exception})`)
  }

  end(time?: TimeInput): void {
    this._end(time)
  }

  [END_AT_TICK](tick: number): void {
    // A processor may have put another `end` in the place of ours.
    if (this.end === RecordedSpan.prototype.end) this._end(undefined, tick)
    else this.end()
  }

  [INSPECT](depth: number): unknown {
    if (depth < 0) return '[RecordedSpan]'
    const fields = Object.entries(this).filter(([name]) => name !== 'resource' && !name.startsWith('_'))
    const { duration, ended, droppedAttributesCount, droppedEventsCount, droppedLinksCount } = this
    const told = { duration, ended, droppedAttributesCount, droppedEventsCount, droppedLinksCount }
    return { ...Object.fromEntries(fields), spanContext: this.spanContext(), ...told }
  }

  /** What is not plain, too much, or without a name: the SDK's own function knows what is to become of it. */
  private _addAttribute(key: string, value: unknown): void {
    const { AddAttributeDecision, maybeAddAttribute } = sdkPackages.core
    const { attributes } = this
    const currentAttributesCount = Object.keys(attributes).length
    const { limits } = this._origin
    const decision = maybeAddAttribute({ key, value, attributes, limits, currentAttributesCount })
    this._attributesAtMost = currentAttributesCount + Number(decision === AddAttributeDecision.ADD_NEW)
    if (decision !== AddAttributeDecision.DROP_LIMIT_REACHED) return
    this._droppedAttributesCount++
    if (this._droppedAttributesCount === 1) diag.warn('Dropping extra attributes.')
  }

  private _timeOf(given: TimeInput | undefined, tick?: number): HrTime {
    const time = given == null ? undefined : givenTime(given, this._madeAt, this._madeAtTick)
    if (time !== undefined) return time
    // A clock that is set while a span runs does not stretch it.
    return this._isStartGiven
      ? sdkPackages.core.millisToHrTime(Date.now())
      : timeAfter(this.startTime, (tick ?? performance.now()) - this._madeAtTick)
  }

  private _end(given: TimeInput | undefined, tick?: number): void {
    if (this._isOver()) {
      const { traceId, spanId } = this._ids.context
      diag.error(`${this.name} ${traceId}-${spanId} - You can only call end() on a span once.`)
      return
    }
    this.endTime = this._timeOf(given, tick)
    if (isBefore(this.endTime, this.startTime)) {
      const said = 'Inconsistent start and end time, startTime > endTime. Setting span duration to 0ms.'
      diag.warn(said, this.startTime, this.endTime)
      this.endTime = [...this.startTime]
    }
    this._sayDropped('events', 'eventCountLimit', this._droppedEventsCount)
    this._sayDropped('links', 'linkCountLimit', this._droppedLinksCount)
    const { processors } = this._origin
    for (const processor of processors) processor.onEnding?.(this)
    this._ended = true
    for (const processor of processors) processor.onEnd(this)
  }

  private _sayDropped(what: string, limit: string, count: number): void {
    if (count > 0) diag.warn(`Dropped ${count} ${what} because ${limit} reached`)
  }

  private _isOver(): boolean {
    if (!this._ended) return false
    const { traceId, spanId } = this._ids.context
    const span = `ended Span {traceId: ${traceId}, spanId: ${spanId}}`
    diag.warn(`Cannot execute the operation on ${span}`, new Error(`Operation attempted on ${span}`))
    return true
  }
}
