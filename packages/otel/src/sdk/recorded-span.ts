import { END_AT_TICK, IDS_WHEN_ASKED, READ_TICK } from '@mcp/otel-core'
import type { TickedOptions } from '@mcp/otel-core'
import { diag, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { Attributes, AttributeValue, Exception, HrTime, Link } from '@opentelemetry/api'
import type { SpanContext, SpanStatus, TimeInput } from '@opentelemetry/api'
import type { InstrumentationScope } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { Span, TimedEvent } from '@opentelemetry/sdk-trace'

import { isOwn } from '../is-own.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { PLAIN_IDS } from './plain-ids.ts'
import { exceptionAttributes, isPlainValue, makeRoom, takeEvent, takeLink, takeTexts } from './span-attributes.ts'
import type { SpanAttributes } from './span-attributes.ts'
import type { SpanIdentity, SpanOrigin } from './span-origin.ts'
import { givenTime, isBefore, NOT_ENDED, timeAfter } from './span-time.ts'

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * A span that is recorded. To processors, exporters and whoever calls it, it is what the SDK's own is; that one looks at
 * each attribute several times, and at the clock, and takes more than twice the memory.
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
  readonly #origin: SpanOrigin
  readonly #spanContext: SpanContext
  readonly #hasPlainIds: boolean
  readonly #isStartGiven: boolean
  /** When it was made: by the clock that is set now and then, and by the one that only runs. */
  readonly #madeAt = Date.now()
  readonly #madeAtTick: number
  #attributesCount: number
  #droppedAttributesCount: number
  #droppedEventsCount = 0
  #droppedLinksCount = 0
  /** Worked out when it is asked for: nobody does who exports by OTLP. */
  #duration: HrTime | undefined = undefined
  #ended = false

  /** What it is `taken` to have, and its links, are its own from now on. */
  constructor(
    origin: SpanOrigin,
    name: string,
    { kind = SpanKind.INTERNAL, startTime, [READ_TICK]: tick }: TickedOptions,
    { hasPlainIds, parent, spanContext }: SpanIdentity,
    taken: SpanAttributes,
    links: Link[],
  ) {
    const { linkCountLimit } = origin.limits
    this.#madeAtTick = tick ?? performance.now()
    this.name = name
    this.kind = kind
    // As the SDK has it: there, and undefined.
    this.parentSpanContext = parent as SpanContext
    this.#isStartGiven = startTime != null
    this.startTime = startTime == null ? sdkPackages.core.millisToHrTime(this.#madeAt) : this.#timeOf(startTime)
    this.attributes = taken.attributes
    this.links = links.length > linkCountLimit ? links.slice(links.length - linkCountLimit) : links
    this.resource = origin.resource
    this.instrumentationScope = origin.scope
    this.#origin = origin
    this.#spanContext = spanContext
    this.#hasPlainIds = hasPlainIds
    this.#attributesCount = taken.count
    this.#droppedAttributesCount = taken.dropped
    this.#droppedLinksCount = links.length - this.links.length
  }

  get [IDS_WHEN_ASKED](): true {
    return true
  }

  get [PLAIN_IDS](): boolean {
    return this.#hasPlainIds
  }

  get duration(): HrTime {
    if (this.endTime === NOT_ENDED) return [-1, -1]
    return (this.#duration ??= sdkPackages.core.hrTimeDuration(this.startTime, this.endTime))
  }

  get ended(): boolean {
    return this.#ended
  }

  get droppedAttributesCount(): number {
    return this.#droppedAttributesCount
  }

  get droppedEventsCount(): number {
    return this.#droppedEventsCount
  }

  get droppedLinksCount(): number {
    return this.#droppedLinksCount
  }

  spanContext(): SpanContext {
    return this.#spanContext
  }

  isRecording(): boolean {
    return !this.#ended
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (this.#isOver()) return this
    const { attributes } = this
    const { limits } = this.#origin
    const isRoomy = this.#attributesCount < limits.attributeCountLimit
    const taken = isPlainValue(value, limits) ? value : takeTexts(value, limits)
    if (isRoomy && key !== '' && taken !== undefined) {
      if (!isOwn(attributes, key)) this.#attributesCount++
      attributes[key] = taken
    } else {
      this.#addAttribute(key, value)
    }
    return this
  }

  setAttributes(attributes: Attributes): this {
    for (const key in attributes) if (isOwn(attributes, key)) this.setAttribute(key, attributes[key])
    return this
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.#isOver()) return this
    const { eventCountLimit } = this.#origin.limits
    if (eventCountLimit === 0) diag.warn('No events allowed.')
    this.#droppedEventsCount += makeRoom('events', this.events, eventCountLimit, this.#droppedEventsCount)
    if (eventCountLimit === 0) return this
    const { isTimeInput } = sdkPackages.core
    const isTime = isTimeInput(attributesOrTime)
    const at = isTime && !isTimeInput(time) ? attributesOrTime : time
    const attributes = isTime ? undefined : attributesOrTime
    this.events.push(takeEvent(name, this.#timeOf(at), attributes, this.#origin.limits))
    return this
  }

  addLink(link: Link): this {
    if (this.#isOver()) return this
    const { linkCountLimit } = this.#origin.limits
    this.#droppedLinksCount += makeRoom('links', this.links, linkCountLimit, this.#droppedLinksCount)
    if (linkCountLimit > 0) this.links.push(takeLink(link, this.#origin.limits))
    return this
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link)
    return this
  }

  setStatus({ code, message }: SpanStatus): this {
    if (this.#isOver() || code === SpanStatusCode.UNSET || this.status.code === SpanStatusCode.OK) return this
    const isError = code === SpanStatusCode.ERROR
    if (isError && message != null && typeof message !== 'string') {
      diag.warn(`Dropping invalid status.message of type '${typeof message}', expected 'string'`)
    }
    this.status = isError && typeof message === 'string' ? { code, message } : { code }
    return this
  }

  updateName(name: string): this {
    if (!this.#isOver()) this.name = name
    return this
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const attributes = exceptionAttributes(exception)
    if (attributes['exception.type'] || attributes['exception.message']) this.addEvent('exception', attributes, time)
    else diag.warn(`Failed to record an exception: it has neither type nor message (${typeof exception})`)
  }

  end(time?: TimeInput): void {
    this.#end(time)
  }

  [END_AT_TICK](tick: number): void {
    // A processor may have put another `end` in the place of ours.
    if (this.end === RecordedSpan.prototype.end) this.#end(undefined, tick)
    else this.end()
  }

  [INSPECT](depth: number): unknown {
    if (depth < 0) return '[RecordedSpan]'
    const { resource: _, ...fields } = this
    const { duration, ended, droppedAttributesCount, droppedEventsCount, droppedLinksCount } = this
    const dropped = { droppedAttributesCount, droppedEventsCount, droppedLinksCount }
    return { ...fields, spanContext: this.#spanContext, duration, ended, ...dropped }
  }

  /** What is not plain, too much, or without a name: the SDK's own function knows what is to become of it. */
  #addAttribute(key: string, value: unknown): void {
    const { AddAttributeDecision, maybeAddAttribute } = sdkPackages.core
    const { attributes } = this
    const { limits } = this.#origin
    const currentAttributesCount = this.#attributesCount
    const decision = maybeAddAttribute({ key, value, attributes, limits, currentAttributesCount })
    if (decision === AddAttributeDecision.ADD_NEW) this.#attributesCount++
    if (decision !== AddAttributeDecision.DROP_LIMIT_REACHED) return
    this.#droppedAttributesCount++
    if (this.#droppedAttributesCount === 1) diag.warn('Dropping extra attributes.')
  }

  #timeOf(given: TimeInput | undefined, tick?: number): HrTime {
    const time = given == null ? undefined : givenTime(given, this.#madeAt, this.#madeAtTick)
    if (time !== undefined) return time
    // A clock that is set while a span runs does not stretch it.
    return this.#isStartGiven
      ? sdkPackages.core.millisToHrTime(Date.now())
      : timeAfter(this.startTime, (tick ?? performance.now()) - this.#madeAtTick)
  }

  #end(given: TimeInput | undefined, tick?: number): void {
    if (this.#isOver()) {
      const { traceId, spanId } = this.#spanContext
      diag.error(`${this.name} ${traceId}-${spanId} - You can only call end() on a span once.`)
      return
    }
    this.endTime = this.#timeOf(given, tick)
    if (isBefore(this.endTime, this.startTime)) {
      const said = 'Inconsistent start and end time, startTime > endTime. Setting span duration to 0ms.'
      diag.warn(said, this.startTime, this.endTime)
      this.endTime = [...this.startTime]
    }
    this.#sayDropped('events', 'eventCountLimit', this.#droppedEventsCount)
    this.#sayDropped('links', 'linkCountLimit', this.#droppedLinksCount)
    const { processors } = this.#origin
    for (const processor of processors) processor.onEnding?.(this)
    this.#ended = true
    for (const processor of processors) processor.onEnd(this)
  }

  #sayDropped(what: string, limit: string, count: number): void {
    if (count > 0) diag.warn(`Dropped ${count} ${what} because ${limit} reached`)
  }

  #isOver(): boolean {
    if (!this.#ended) return false
    const { traceId, spanId } = this.#spanContext
    const span = `ended Span {traceId: ${traceId}, spanId: ${spanId}}`
    diag.warn(`Cannot execute the operation on ${span}`, new Error(`Operation attempted on ${span}`))
    return true
  }
}
