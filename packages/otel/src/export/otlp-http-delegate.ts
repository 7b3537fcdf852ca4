import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

import { context, diag } from '@opentelemetry/api'
import type { ExportResult } from '@opentelemetry/core'
import type { IOtlpExportDelegate } from '@opentelemetry/otlp-exporter-base'
import type { ISerializer } from '@opentelemetry/otlp-transformer'

import { sdkPackages } from '../sdk-packages.ts'
import type { ExportVoice } from './export-failure.ts'
import { sendOtlp, type LastRequest, type OtlpRequest, type OtlpTarget, type Shipment } from './otlp-http-request.ts'

/** How many requests may be under way; what exceeds them is dropped, so that memory stays bounded. */
const MOST_AT_ONCE = 8
const FIRST_BACKOFF_MILLIS = 1000
const LONGEST_BACKOFF_MILLIS = 5000
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** Sends what an exporter is given by HTTP. */
export interface OtlpHttpDelegate<T> extends IOtlpExportDelegate<T> {
  /** From now on a collector that does not answer is not tried again: the process is about to end. */
  hurry(): void
  /** Returns what has not left the process, and these items, for a sender that outlives it. */
  lastRequests(items: T | undefined): LastRequest[]
}

export interface OtlpHttpDelegateOptions<T> {
  readonly target: OtlpTarget
  readonly serializer: ISerializer<T, unknown>
  readonly voice: ExportVoice
}

/**
 * Creates the part of an OTLP exporter that sends. Unlike the stock one it holds neither timer nor socket that keeps the
 * process alive, and it takes a batch as its own at once, so that no timer of a processor does either.
 */
export function createOtlpHttpDelegate<T>(options: OtlpHttpDelegateOptions<T>): OtlpHttpDelegate<T> {
  const { target, serializer, voice } = options
  const underWay = new Map<Promise<void>, Shipment>()
  let inHurry = false

  const deliver = async (shipment: Shipment): Promise<void> => {
    try {
      const request = await requestFor(target, shipment.body)
      const answer = await sendWithRetries(target, request, shipment, () => inHurry)
      warnOfPartialSuccess(serializer, answer)
      voice.succeeded()
    } catch (error) {
      voice.failed(error)
    }
  }

  return {
    export(items, done) {
      const { ExportResultCode, suppressTracing } = sdkPackages.core
      const fail = (error: unknown): void => {
        voice.failed(error)
        done({ code: ExportResultCode.FAILED, error: error as Error } satisfies ExportResult)
      }
      if (underWay.size >= MOST_AT_ONCE) return fail(new Error(`${MOST_AT_ONCE} exports wait for an answer already`))
      let body: Uint8Array | undefined
      try {
        body = serializer.serializeRequest(items)
      } catch (error) {
        return fail(error)
      }
      if (body === undefined) return done({ code: ExportResultCode.SUCCESS })
      const shipment: Shipment = { body, isHandedOver: false }
      const delivery = context.with(suppressTracing(context.active()), () => deliver(shipment))
      underWay.set(delivery, shipment)
      void delivery.then(() => underWay.delete(delivery))
      done({ code: ExportResultCode.SUCCESS })
    },
    async forceFlush() {
      await Promise.all(underWay.keys())
    },
    async shutdown() {
      await Promise.all(underWay.keys())
    },
    setMetrics() {},
    hurry() {
      inHurry = true
    },
    lastRequests(items) {
      const waiting = [...underWay.values()].filter(({ isHandedOver }) => !isHandedOver).map(({ body }) => body)
      const last = items === undefined ? undefined : serializer.serializeRequest(items)
      const { headersNow, tlsNow, url } = target
      const bodies = [...waiting, ...(last === undefined ? [] : [last])]
      const ended = (failure?: Error): void => (failure === undefined ? voice.succeeded() : voice.failed(failure))
      return bodies.map((body) => ({ url, headers: headersNow(), tls: tlsNow(), body, ended }))
    },
  }
}

const compress = promisify(gzip)

async function requestFor(target: OtlpTarget, body: Uint8Array): Promise<OtlpRequest> {
  const headers = await target.headers()
  if (target.compression !== 'gzip') return { url: target.url, headers, body }
  return { url: target.url, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: await compress(body) }
}

async function sendWithRetries(
  target: OtlpTarget,
  request: OtlpRequest,
  shipment: Shipment,
  inHurry: () => boolean,
): Promise<Uint8Array> {
  const deadline = performance.now() + target.timeoutMillis
  let backoff = FIRST_BACKOFF_MILLIS
  for (;;) {
    const left = deadline - performance.now()
    const outcome = await sendOtlp(target, request, shipment, left).catch((error: unknown) => error as Error)
    // What was not taken is still here.
    shipment.isHandedOver = false
    let wait = backoff * (0.8 + 0.4 * Math.random())
    let failure: Error
    if (outcome instanceof Error) {
      failure = outcome
      if (inHurry()) throw failure
    } else {
      if (outcome.status >= 200 && outcome.status < 300) return outcome.body
      failure = new Error(`the collector answered ${outcome.status}`)
      if (!RETRYABLE_STATUS.has(outcome.status)) throw failure
      wait = retryAfterMillis(outcome.retryAfter) ?? wait
    }
    if (performance.now() + wait >= deadline) throw failure
    await new Promise<void>((resolve) => void setTimeout(resolve, wait).unref())
    backoff = Math.min(backoff * 1.5, LONGEST_BACKOFF_MILLIS)
  }
}

function retryAfterMillis(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined
}

function warnOfPartialSuccess(serializer: ISerializer<never, unknown>, body: Uint8Array): void {
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
