import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Context, Span } from '@opentelemetry/api'

/** Key of the active span, which the API does not export. */
const SPAN = spanKey()

/** What a layer can do for another build of ours, of which there may be two in a process. */
const LAY_ANEW: unique symbol = Symbol.for('@mcp/otel/lay-anew') as never

interface Layer {
  [LAY_ANEW]?(span: Span | undefined, key: symbol | undefined, value: unknown): Context
}

/**
 * Returns a context with a span in it, and with one value more where a `key` is given: a layer over `parent`, where the
 * API makes a copy of all that it has, and three functions. A layer over a layer takes its place, so that spans that follow
 * from one another for ever are not all kept.
 */
export function layContext(parent: Context, span: Span | undefined, key?: symbol, value?: unknown): Context {
  const layer: Layer = parent as Layer
  return layer[LAY_ANEW]?.(span, key, value) ?? new LayeredContext(parent, span, key, value)
}

class LayeredContext implements Context {
  /** No layer itself. */
  readonly #base: Context
  readonly #span: Span | undefined
  readonly #key: symbol | undefined
  readonly #value: unknown

  constructor(base: Context, span: Span | undefined, key: symbol | undefined, value: unknown) {
    this.#base = base
    this.#span = span
    this.#key = key
    this.#value = value
  }

  getValue(key: symbol): unknown {
    if (key === SPAN) return this.#span
    return key === this.#key ? this.#value : this.#base.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === SPAN) return new LayeredContext(this.#base, value as Span, this.#key, this.#value)
    return this.#flattened().setValue(SPAN, this.#span).setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    if (key === SPAN) return this.#flattened().deleteValue(SPAN)
    return this.#flattened().setValue(SPAN, this.#span).deleteValue(key)
  }

  [LAY_ANEW](span: Span | undefined, key: symbol | undefined, value: unknown): Context {
    if (key === undefined) return new LayeredContext(this.#base, span, this.#key, this.#value)
    const base = this.#key === key ? this.#base : this.#flattened()
    return new LayeredContext(base, span, key, value)
  }

  /** What is below the span, without layers. */
  #flattened(): Context {
    return this.#key === undefined ? this.#base : this.#base.setValue(this.#key, this.#value)
  }
}

function spanKey(): symbol {
  let key = Symbol('no span')
  const probe: Context = {
    getValue: () => undefined,
    setValue(asked) {
      key = asked
      return ROOT_CONTEXT
    },
    deleteValue: () => ROOT_CONTEXT,
  }
  trace.setSpan(probe, trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 }))
  return key
}
