import type { Attributes } from '@opentelemetry/api'

/** A job as pg-boss hands it out; with its metadata, where these were asked for. */
export interface BossJob {
  readonly id: string
  readonly data?: unknown
  readonly signal?: AbortSignal
  groupId?: string | null
  groupTier?: string | null
  readonly retryCount?: number
  readonly retryLimit?: number
  readonly expireInSeconds?: number
  readonly createdOn?: unknown
  readonly startAfter?: unknown
  readonly startedOn?: unknown
}

export interface Group {
  readonly id: string
  readonly tier?: string
}

/**
 * The trace travels in the tier of the job's group, a text beside its data that pg-boss keeps through retries and dead
 * letters, and reads only where a group's limits have tiers. A job whose group has one keeps it, and starts a trace of its
 * own. What begins so is ours.
 */
const MARK = 'otel:'

export function tierOf(carrier: Record<string, string>): string | undefined {
  return Object.keys(carrier).length === 0 ? undefined : MARK + JSON.stringify(carrier)
}

/** Takes the trace out of a job, which is then as the app has sent it. */
export function takeCarrier(job: BossJob): Record<string, string> {
  const { groupTier } = job
  if (typeof groupTier !== 'string' || !groupTier.startsWith(MARK)) return {}
  job.groupTier = null
  try {
    return JSON.parse(groupTier.slice(MARK.length)) as Record<string, string>
  } catch {
    return {}
  }
}

/** What a job says of itself; with its metadata more than without. */
export interface JobFacts {
  readonly carrier: Record<string, string>
  readonly readyAt: number | undefined
  readonly isRetry: boolean
  readonly attributes: Attributes
}

/** Reads what a job says; the clock of its times is the database's. */
export function takeFacts(job: BossJob): JobFacts {
  const { id, createdOn, startAfter, startedOn, retryCount = 0 } = job
  const ready = Math.max(timeOf(createdOn), timeOf(startAfter))
  const waited = timeOf(startedOn) - ready
  return {
    carrier: takeCarrier(job),
    readyAt: Number.isNaN(waited) ? undefined : Date.now() - Math.max(0, waited),
    isRetry: retryCount > 0,
    attributes: { 'messaging.message.id': id, ...(retryCount > 0 && { 'mcp.job.retry': retryCount }) },
  }
}

function timeOf(value: unknown): number {
  return value instanceof Date ? value.getTime() : typeof value === 'string' ? Date.parse(value) : NaN
}

/** What `includeMetadata` adds to a job: where the app did not ask for it, it is taken away again. */
const METADATA = [
  'policy',
  'state',
  'priority',
  'retryLimit',
  'retryDelay',
  'retryBackoff',
  'retryDelayMax',
  'startAfter',
  'startedOn',
  'singletonKey',
  'singletonOn',
  'deleteAfterSeconds',
  'heartbeatOn',
  'createdOn',
  'completedOn',
  'keepUntil',
  'deadLetter',
  'blocked',
  'blocking',
  'pendingDependencies',
  'output',
  'sourceName',
  'sourceId',
  'sourceCreatedOn',
  'sourceRetryCount',
  'sourceOutput',
  'sourceRootId',
] as const

export function dropMetadata(job: object): void {
  for (const name of METADATA) Reflect.deleteProperty(job, name)
}
