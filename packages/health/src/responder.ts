import { HEALTH_JSON, JSON_TYPE, negotiate } from './accept.ts'
import type { MediaType } from './accept.ts'
import type { Health } from './create-health.ts'
import { createDetailsAccess } from './details-access.ts'
import type { DetailsPolicy } from './details-access.ts'
import type { EndpointOf } from './endpoint-path.ts'
import { reportToHealthJson } from './health-json.ts'
import type { HealthPaths, HealthRequest, HealthResponse } from './http-contract.ts'
import type { ProbeReport } from './report.ts'
import { scrubError } from './scrub.ts'
import type { HealthStatus } from './status.ts'

export interface ResponderOptions {
  readonly paths?: Partial<HealthPaths>
  /** Who sees details beside those who bear the token: clients on loopback (default), everybody, or nobody. */
  readonly details?: DetailsPolicy
  /** `Authorization: Bearer <token>` shows details to anybody. */
  readonly token?: string
}

/** Answers a request for a health endpoint; undefined when its path is none. The promise never rejects. */
export type HealthResponder = (request: HealthRequest) => Promise<HealthResponse> | undefined

/** Creates what answers requests, whatever server they come through. */
export function createResponder(
  health: Pick<Health, 'report' | 'probe'>,
  endpointOf: EndpointOf,
  options: Pick<ResponderOptions, 'details' | 'token'>,
): HealthResponder {
  const isDetailed = createDetailsAccess(options.details ?? 'loopback', options.token)
  const answering = new Map<string, Promise<HealthResponse>>()
  return (request) => {
    const endpoint = endpointOf(request.url)
    if (endpoint === undefined) return undefined
    const isHead = request.method === 'HEAD'
    if (!isHead && request.method !== 'GET') {
      const error = `method ${request.method} is not allowed; use GET or HEAD`
      return Promise.resolve(respond(405, { error }, JSON_TYPE, { allow: 'GET, HEAD' }))
    }
    const response = shared(endpoint.group, isDetailed(request), negotiate(single(request.headers['accept'])))
    return isHead ? response.then((whole) => ({ ...whole, body: '' })) : response
  }

  /** Requests that come in while one like them is answered, or in the same turn of the event loop, share its answer. */
  function shared(group: string | undefined, detailed: boolean, type: MediaType): Promise<HealthResponse> {
    const key = `${type} ${detailed} ${group ?? ''}`
    const same = answering.get(key)
    if (same !== undefined) return same
    const response = answer(group, detailed, type)
      .catch((error: unknown) => ({ code: 503, body: { status: 'unhealthy', error: scrubError(error) } }))
      .then(({ code, body }) => {
        setImmediate(() => answering.delete(key))
        return respond(code, body, type)
      })
    answering.set(key, response)
    return response
  }

  async function answer(
    group: string | undefined,
    detailed: boolean,
    type: MediaType,
  ): Promise<{ code: number; body: object }> {
    if (group === undefined) {
      const report = await health.report({ detailed })
      const body = type === HEALTH_JSON ? reportToHealthJson(report) : report
      return { code: codeOf(report.status), body }
    }
    const probe = await health.probe(group)
    if (probe === undefined) return { code: 404, body: { error: `no health check is in the group "${group}"` } }
    return { code: codeOf(probe.status), body: detailed ? probe : publicProbe(probe) }
  }
}

function publicProbe({ status, process: state }: ProbeReport): Pick<ProbeReport, 'status' | 'process'> {
  return { status, process: state }
}

function codeOf(status: HealthStatus): number {
  return status === 'unhealthy' ? 503 : 200
}

function respond(status: number, body: object, type: MediaType, extra?: Record<string, string>): HealthResponse {
  const text = `${JSON.stringify(body)}\n`
  return {
    status,
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'content-length': String(Buffer.byteLength(text)),
      'cache-control': 'no-store',
      vary: 'Accept, Authorization',
      'x-content-type-options': 'nosniff',
      ...extra,
    },
    body: text,
  }
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join(', ')
}
