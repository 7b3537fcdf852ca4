import type { BullJob, BullJobOptions, BullTelemetry } from './bullmq-shape.ts'

/** Tells our metadata from the app's, in whose place nothing is taken away; its value says more about the job. */
const OURS = 'mcp-otel'

/** What travels with a job. */
export interface Travelling {
  readonly carrier: Readonly<Record<string, string>>
  /** It has children, and is ready only when they are done. */
  readonly isParent: boolean
  /** Of a job that was put back: what its last worker wrote of that. */
  readonly note?: string | undefined
}

/**
 * Writes a carrier where BullMQ's own telemetry has it, in its format, so that a worker with that continues the trace as
 * well; `undefined` where the app has said something of its own there, or there is nothing to write.
 */
export function withCarrier<O extends BullJobOptions>(
  options: O | undefined,
  given: BullTelemetry | undefined,
  { carrier, isParent }: Travelling,
): O | undefined {
  if (given?.metadata !== undefined || given?.omitContext === true) return undefined
  if (Object.keys(carrier).length === 0 && !isParent) return undefined
  const metadata = JSON.stringify({ ...carrier, [OURS]: isParent ? 'parent' : 'job' })
  const telemetry = given === undefined ? { metadata } : { ...given, metadata }
  return { ...(options as O), telemetry }
}

/** Reads what travelled with a job. */
export function readTravelling(job: BullJob): Travelling {
  // Propagators pass over our own field.
  const carrier = carrierOf(job.opts?.telemetry?.metadata)
  return { carrier, isParent: carrier[OURS] === 'parent' }
}

/** Takes our metadata away again, before the app sees the job. */
export function hideCarrier(job: BullJob): void {
  if (!isOurs(job.opts?.telemetry?.metadata)) return
  const { telemetry, ...opts } = job.opts as BullJobOptions
  if (telemetry?.omitContext === undefined) job.opts = opts
  else job.opts = { ...opts, telemetry: { omitContext: telemetry.omitContext } }
}

/** Ours ends with our own field. */
function isOurs(metadata: unknown): boolean {
  return (
    typeof metadata === 'string' && (metadata.endsWith(`"${OURS}":"job"}`) || metadata.endsWith(`"${OURS}":"parent"}`))
  )
}

function carrierOf(metadata: unknown): Record<string, string> {
  if (typeof metadata !== 'string') return {}
  try {
    const parsed: unknown = JSON.parse(metadata)
    if (typeof parsed !== 'object' || parsed === null) return {}
    if (!isOurs(metadata) && !Object.values(parsed).every((value) => typeof value === 'string')) return {}
    return parsed as Record<string, string>
  } catch {
    return {}
  }
}
