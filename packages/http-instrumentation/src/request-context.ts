import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Context, Span } from '@opentelemetry/api'

import { RPC_METADATA } from './rpc-metadata.ts'
import type { RpcMetadata } from './rpc-metadata.ts'

/** Key of the active span, which the API does not export. */
const SPAN = spanKey()

/**
 * The span of a request and its metadata, laid over a context: made for each request, and so without a copy of all that
 * the context has.
 */
export class RequestContext implements Context {
  readonly #parent: Context
  readonly #span: unknown
  readonly #metadata: unknown

  constructor(parent: Context, span: Span | undefined, metadata: RpcMetadata | undefined) {
    this.#parent = parent
    this.#span = span
    this.#metadata = metadata
  }

  getValue(key: symbol): unknown {
    if (key === SPAN) return this.#span
    return key === RPC_METADATA ? this.#metadata : this.#parent.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#flattened().setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    return this.#flattened().deleteValue(key)
  }

  #flattened(): Context {
    return this.#parent.setValue(SPAN, this.#span).setValue(RPC_METADATA, this.#metadata)
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
