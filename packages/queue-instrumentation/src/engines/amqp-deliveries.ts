import { observeCall } from '@mcp/otel-core'

import type { JobRun } from '../job-run.ts'
import type { JobEnd } from '../queue-options.ts'
import type { QueueMember } from '../shared-queue.ts'
import { takeFacts } from './amqp-message.ts'
import type { AmqpMessage } from './amqp-message.ts'

/** The messages that were delivered on one channel, until they are settled. */
export interface Deliveries {
  /** Makes the call that hands a message to its handler, and returns what that returns. */
  readonly deliver: (member: QueueMember, message: AmqpMessage, isSettled: boolean, call: () => unknown) => unknown
  /** A message that the app has fetched itself. */
  readonly take: (member: QueueMember, message: AmqpMessage, isSettled: boolean) => void
  readonly ack: (tag: number, isUpTo: boolean) => void
  readonly nack: (tag: number, isUpTo: boolean, requeue: boolean) => void
  /** The channel is gone: RabbitMQ gives what was not settled to others. */
  readonly lose: () => void
}

interface Delivery {
  readonly message: AmqpMessage
  readonly member: QueueMember
  /** What its handler threw: by itself that settles nothing. */
  failure?: { readonly error: unknown }
}

function start(member: QueueMember, message: AmqpMessage): JobRun {
  return member.started(message, takeFacts(message))
}

/** Creates the place for the messages of one channel. */
export function createDeliveries(): Deliveries {
  const unsettled = new Map<number, Delivery>()

  /** Tag 0 stands for the last one. */
  function settle(tag: number, isUpTo: boolean, how: (delivery: Delivery) => void): void {
    if (!isUpTo) {
      const delivery = unsettled.get(tag)
      if (unsettled.delete(tag) && delivery !== undefined) how(delivery)
      return
    }
    for (const [each, delivery] of unsettled) {
      if (tag !== 0 && each > tag) return
      unsettled.delete(each)
      how(delivery)
    }
  }

  const requeue =
    (errorType: string) =>
    ({ member, message, failure }: Delivery): void =>
      member.requeued(message, failure ?? { status: 'error', errorType })

  return {
    deliver(member, message, isSettled, call) {
      const run = start(member, message)
      if (isSettled) return observeCall(call, run.context, run.end)
      const delivery: Delivery = { member, message }
      unsettled.set(message.fields.deliveryTag, delivery)
      return observeCall(call, run.context, (outcome) => {
        if ('error' in outcome) delivery.failure = { error: outcome.error }
      })
    },
    take(member, message, isSettled) {
      const run = start(member, message)
      if (isSettled) run.end()
      else unsettled.set(message.fields.deliveryTag, { member, message })
    },
    ack: (tag, isUpTo) => settle(tag, isUpTo, ({ member, message }) => member.ended(message)),
    nack(tag, isUpTo, goesBack) {
      const end: JobEnd = { status: 'error', errorType: 'RejectedMessage' }
      const reject = ({ member, message, failure }: Delivery): void => member.ended(message, failure ?? end)
      settle(tag, isUpTo, goesBack ? requeue('RequeuedMessage') : reject)
    },
    lose: () => settle(0, true, requeue('ChannelClosed')),
  }
}
