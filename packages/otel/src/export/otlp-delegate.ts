import { promisify } from 'node:util'

import { context, diag } from '@opentelemetry/api'
import type { ExportResult } from '@opentelemetry/core'
import type { IOtlpExportDelegate } from '@opentelemetry/otlp-exporter-base'
import type { ISerializer } from '@opentelemetry/otlp-transformer'

import { reasonOf } from '../diagnostics/diag-text.ts'
import { sdkPackages } from '../sdk-packages.ts'
import type { ExportVoice } from './export-failure.ts'
import type { LastRequest, OtlpAnswer, OtlpRequest, OtlpTarget, Send } from './otlp-request.ts'

/** How much may be under way, so that memory stays bounded. */
const MOST_AT_ONCE = 8
const MOST_BYTES_AT_ONCE = 64 * 1024 * 1024
const FIRST_BACKOFF_MILLIS = 1000
const LONGEST_BACKOFF_MILLIS = 5000

/** Sends what an exporter is given. */
export interface OtlpDelegate<T> extends IOtlpExportDelegate<T> {
  /** Whether it would take something more; what it is given all the same is refused, and lost. */
  hasRoom(): boolean
  /** Resolves when something that was under way is not any more. */
  roomMade(): Promise<unknown>
  /** From now on a collector that does not answer is not tried again: the process is about to end. */
  hurry(): void
  /** Returns what has not left the process, and all of these, for a sender that outlives it. */
  lastRequests(remaining: readonly T[]): LastRequest[]
}

export interface OtlpDelegateOptions<T> {
  readonly target: OtlpTarget
  readonly send: Send
  readonly serializer: ISerializer<T, unknown>
  readonly voice: ExportVoice
}

/** What is on its way. */
interface Shipment {
  readonly body: Uint8Array
  /** How many records are in it. */
  readonly count: number
  isHandedOver: boolean
}

/**
 * Creates the part of an OTLP exporter that sends. Unlike the stock one it holds neither timer nor socket that keeps the
 * process alive, and it takes a batch as its own at once, so that no timer of a processor does either.
 */
export function createOtlpDelegate<T>({ target, send, serializer, voice }: OtlpDelegateOptions<T>): OtlpDelegate<T> {
  const underWay = new Map<Promise<void>, Shipment>()
  let bytes = 0
  let inHurry = false

  const deliver = async (shipment: Shipment): Promise<void> => {
    try {
      const request = await requestFor(target, shipment.body)
      warnOfPartialSuccess(serializer, await sendWithRetries(request, shipment))
      voice.succeeded()
    } catch (error) {
      voice.failed(error, shipment.count)
    }
  }

  const sendWithRetries = async (request: OtlpRequest, shipment: Shipment): Promise<OtlpAnswer> => {
    const deadline = performance.now() + target.timeoutMillis
    let backoff = FIRST_BACKOFF_MILLIS
    let { timeoutMillis } = target
    for (;;) {
      const onHandedOver = (): void => void (shipment.isHandedOver = true)
      const connection = target.connection()
      const answer = await send(request, { connection, timeoutMillis, onHandedOver }).catch(unanswered)
      if (answer.refusal === undefined) return answer
      // What was not taken is still here.
      shipment.isHandedOver = false
      const wait = answer.retryAfterMillis ?? backoff * (0.8 + 0.4 * Math.random())
      if (answer.isRetryable !== true || performance.now() + wait >= deadline) throw new Error(answer.refusal)
      await new Promise<void>((resolve) => void setTimeout(resolve, wait).unref())
      backoff = Math.min(backoff * 1.5, LONGEST_BACKOFF_MILLIS)
      timeoutMillis = deadline - performance.now()
      if (timeoutMillis <= 0) throw new Error(answer.refusal)
    }
  }

  const unanswered = (error: unknown): OtlpAnswer => ({
    refusal: reasonOf(error),
    isRetryable: !inHurry,
    body: new Uint8Array(),
  })

  const hasRoom = (): boolean => underWay.size < MOST_AT_ONCE && bytes < MOST_BYTES_AT_ONCE
  const allEnded = async (): Promise<void> => void (await Promise.all(underWay.keys()))
  return {
    hasRoom,
    roomMade: () => Promise.race(underWay.keys()),
    export(items, done) {
      const { ExportResultCode, suppressTracing } = sdkPackages.core
      const count = countOf(items)
      const fail = (error: unknown): void => {
        voice.failed(error, count)
        done({ code: ExportResultCode.FAILED, error: error as Error } satisfies ExportResult)
      }
      if (!hasRoom()) return fail(new Error(`${underWay.size} exports wait for an answer already`))
      let body: Uint8Array | undefined
      try {
        body = serializer.serializeRequest(items)
      } catch (error) {
        return fail(error)
      }
      if (body === undefined) return done({ code: ExportResultCode.SUCCESS })
      const shipment: Shipment = { body, count, isHandedOver: false }
      const { length } = body
      const delivery = context.with(suppressTracing(context.active()), () => deliver(shipment))
      underWay.set(delivery, shipment)
      bytes += length
      void delivery.then(() => ((bytes -= length), underWay.delete(delivery)))
      done({ code: ExportResultCode.SUCCESS })
    },
    forceFlush: allEnded,
    shutdown: allEnded,
    setMetrics() {},
    hurry() {
      inHurry = true
    },
    lastRequests(remaining) {
      const waiting = [...underWay.values()].filter(({ isHandedOver }) => !isHandedOver)
      const last = remaining.flatMap((items) => {
        const body = serializer.serializeRequest(items)
        return body === undefined ? [] : [{ body, count: countOf(items) }]
      })
      const { headers, tls, url, wire } = target
      return [...waiting, ...last].map(({ body, count }) => ({
        url,
        wire,
        headers,
        tls,
        body,
        ended: (failure) => (failure === undefined ? voice.succeeded() : voice.failed(failure, count)),
      }))
    },
  }
}

/** Metrics are not counted: what they tell comes again with the next export. */
function countOf(items: unknown): number {
  return Array.isArray(items) ? items.length : 0
}

/** Not all exports are compressed, and those that are not need no zlib. */
const compress = (body: Uint8Array): Promise<Uint8Array> => promisify(process.getBuiltinModule('node:zlib').gzip)(body)

async function requestFor({ compression, headers, url, wire }: OtlpTarget, body: Uint8Array): Promise<OtlpRequest> {
  if (compression !== 'gzip') return { url, headers, body }
  const encoding = wire === 'grpc' ? 'grpc-encoding' : 'Content-Encoding'
  return { url, headers: { ...headers, [encoding]: 'gzip' }, body: await compress(body) }
}

function warnOfPartialSuccess(serializer: ISerializer<never, unknown>, { body }: OtlpAnswer): void {
  if (body.length === 0) return
  try {
    const { partialSuccess } = serializer.deserializeResponse(body) as { partialSuccess?: object }
    if (partialSuccess !== undefined && Object.keys(partialSuccess).length > 0) {
      diag.warn(`the collector refused a part of an export: ${JSON.stringify(partialSuccess)}`)
    }
  } catch (error) {
    diag.debug('the answer of the collector cannot be read', error)
  }
}
