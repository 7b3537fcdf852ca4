import { sendTo } from '../shared-queue.ts'
import { hideCarrier, withCarrier } from './bullmq-carrier.ts'
import { BULLMQ, leaveOnClose, memberOf, optionsOf, safely } from './bullmq-members.ts'
import type { BullBase, BullJob, BullJobOptions, BullTelemetry } from './bullmq-shape.ts'
import { isFirstTime, wrapMethod } from './wrap-method.ts'

interface BullQueue extends BullBase {
  readonly jobsOpts?: { readonly telemetry?: BullTelemetry }
}

type Add = (this: BullQueue, name: string, data: unknown, opts?: BullJobOptions) => Promise<BullJob>
type AddBulk = (this: BullQueue, jobs: readonly BulkJob[]) => Promise<readonly BullJob[]>
type Any = (this: BullQueue, ...args: unknown[]) => unknown

interface BulkJob {
  readonly name?: string
  readonly opts?: BullJobOptions
}

/** Instruments the class of queues, or one queue: who puts jobs in it, and its figures from its making until its end. */
export function instrumentQueues(target: object): void {
  if (!isFirstTime(target, 'bullmq-queue')) return
  // The constructor calls it.
  wrapMethod<Any>(
    target,
    'waitUntilReady',
    (original) =>
      function (...args) {
        if (this.closing === undefined) safely(this, () => memberOf(this))
        return original.apply(this, args)
      },
  )
  wrapMethod<Add>(target, 'addJob' in target ? 'addJob' : 'add', wrapAdd)
  wrapMethod<AddBulk>(target, 'addBulk', wrapAddBulk)
  leaveOnClose(target)
}

function wrapAdd(original: Add): Add {
  return function (name, data, opts) {
    const member = safely(this, () => memberOf(this))
    // BullMQ's own telemetry makes the span, and has written its context by now.
    if (member === undefined || this.opts?.telemetry !== undefined) return original.call(this, name, data, opts)
    const given = opts?.telemetry ?? this.jobsOpts?.telemetry
    return member.send(
      (carrier) => {
        // What is repeated is not caused anew by who once asked for it.
        const own = opts?.repeat === undefined ? withCarrier(opts, given, { carrier, isParent: false }) : undefined
        return own === undefined ? original.call(this, name, data, opts) : hidden(original.call(this, name, data, own))
      },
      { idOf, attributes: { 'mcp.job.name': name } },
    )
  }
}

function wrapAddBulk(original: AddBulk): AddBulk {
  return function (jobs) {
    const member = safely(this, () => memberOf(this))
    if (member === undefined || this.opts?.telemetry !== undefined || !Array.isArray(jobs))
      return original.call(this, jobs)
    const withCarriers = (carrier: Record<string, string>): readonly BulkJob[] =>
      jobs.map((job: BulkJob) => {
        const given = job?.opts?.telemetry ?? this.jobsOpts?.telemetry
        const opts = withCarrier(job?.opts, given, { carrier, isParent: false })
        return opts === undefined ? job : { ...job, opts }
      })
    return member.send(
      async (carrier) => {
        const added = await original.call(this, safely(this, () => withCarriers(carrier)) ?? jobs)
        for (const job of added) hideCarrier(job)
        return added
      },
      { attributes: { 'messaging.batch.message_count': jobs.length } },
    )
  }
}

interface FlowNode {
  readonly name?: string
  readonly queueName: string
  readonly opts?: BullJobOptions
  readonly children?: readonly unknown[]
}

interface JobNode {
  readonly job: BullJob
  readonly children?: readonly JobNode[]
}

type AddFlow = (this: object, ...args: unknown[]) => Promise<JobNode | readonly JobNode[] | undefined>
type AddNode = (this: { readonly telemetry?: unknown }, given: { readonly node: FlowNode }) => Promise<JobNode>

/** Instruments the class of flow producers, or one: each job of a flow has a span of its own, under its parent's. */
export function instrumentFlowProducers(target: object): void {
  if (!isFirstTime(target, 'bullmq-flow')) return
  wrapMethod<AddNode>(
    target,
    'addNode',
    (original) =>
      function (given) {
        const { node } = given
        const send = safely(this, () => sendTo({ engine: BULLMQ, name: node.queueName }, optionsOf(this)))
        if (send === undefined || this.telemetry !== undefined) return original.call(this, given)
        return send(
          (carrier) => {
            const isParent = (node.children?.length ?? 0) > 0
            const opts = withCarrier(node.opts, node.opts?.telemetry, { carrier, isParent })
            return original.call(this, opts === undefined ? given : { ...given, node: { ...node, opts } })
          },
          { idOf: ({ job }) => job.id, attributes: { 'mcp.job.name': node.name } },
        )
      },
  )
  for (const name of ['add', 'addBulk']) {
    wrapMethod<AddFlow>(
      target,
      name,
      (original) =>
        async function (...args) {
          const added = await original.apply(this, args)
          safely(this, () => [added ?? []].flat().forEach(hideFlow))
          return added
        },
    )
  }
}

/** A flow is written only when all its nodes are made. */
function hideFlow({ job, children = [] }: JobNode): void {
  hideCarrier(job)
  for (const child of children) hideFlow(child)
}

async function hidden(adding: Promise<BullJob>): Promise<BullJob> {
  const job = await adding
  hideCarrier(job)
  return job
}

function idOf(job: BullJob | undefined): string | undefined {
  return job?.id
}
