import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'

import { SpanKind, SpanStatusCode, propagation, trace } from '@opentelemetry/api'
import { connect } from 'amqplib'
import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage, GetMessage } from 'amqplib'
import { connect as connectWithCallback } from 'amqplib/callback_api'
import type { Channel as CallbackChannel } from 'amqplib/callback_api'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'

import { findRabbitMq } from '../../../test/support/components.ts'
import { startRabbitMq } from '../../../test/support/start-rabbitmq.ts'
import type { RunningRabbitMq } from '../../../test/support/start-rabbitmq.ts'
import { testWith } from '../../../test/support/test-with.ts'
import {
  createOwnTelemetry,
  registerContext,
  underSpan,
  unregisterContext,
} from '../../plugin-instrumentation/test/support/telemetry.ts'
import type { OwnTelemetry } from '../../plugin-instrumentation/test/support/telemetry.ts'
import { instrumentQueue, listQueues } from '../src/index.ts'
import type { EngineOptions, QueueStatus } from '../src/index.ts'

const require = createRequire(import.meta.url)
const rabbit = await findRabbitMq()
let broker: RunningRabbitMq
let telemetry: OwnTelemetry
let connection: ChannelModel
let channel: Channel
let count = 0
let queue = ''

beforeAll(async () => {
  registerContext()
  if ('found' in rabbit) broker = await startRabbitMq(rabbit.found)
})
afterAll(async () => {
  unregisterContext()
  await broker?.stop()
})
beforeEach(async () => {
  telemetry = createOwnTelemetry()
  queue = `mail-${(count += 1)}`
  if (broker === undefined) return
  connection = await connect(broker.url)
  channel = instrumentQueue(await connection.createChannel(), options())
  await channel.assertQueue(queue, { durable: true })
})
afterEach(() => connection?.close().catch(() => {}))
const options = (): EngineOptions => ({ ...telemetry, pollIntervalMillis: 30 })
const status = (): QueueStatus | undefined => listQueues(telemetry).find(({ plugin }) => plugin === queue)
const sends = (): ReturnType<OwnTelemetry['spans']> =>
  telemetry.spans().filter(({ kind }) => kind === SpanKind.PRODUCER)
const byText = (a: string, b: string): number => a.localeCompare(b)
const until = (probe: () => unknown): Promise<void> =>
  vi.waitFor(() => expect(probe()).toBe(true), { timeout: 10_000, interval: 10 })

testWith(
  rabbit,
  'one trace leads from whoever publishes to the end of the job, and the handler sees no trace of it',
  async () => {
    const { traceId, spanId } = underSpan(telemetry, () =>
      channel.sendToQueue(queue, Buffer.from('hello'), { headers: { kind: 'greeting' }, messageId: 'm1', type: 'x' }),
    )
    const seen = Promise.withResolvers<[ConsumeMessage, string | undefined]>()
    await channel.consume(queue, (message) => {
      if (message !== null) seen.resolve([message, trace.getActiveSpan()?.spanContext().traceId])
    })
    const [message, active] = await seen.promise
    expect(active).toBe(traceId)
    expect(message.content.toString()).toBe('hello')
    expect(message.properties.headers).toEqual({ kind: 'greeting' })
    await until(() => status()?.active === 1)
    channel.ack(message)
    expect(status()).toMatchObject({
      active: 0,
      jobs: { success: 1 },
      waits: { count: 1 },
      queues: [{ name: queue, scope: 'shared', engine: 'rabbitmq' }],
    })
    const [send, process] = telemetry.spans().filter(({ kind }) => kind !== SpanKind.INTERNAL)
    expect(send).toMatchObject({ name: `send ${queue}`, kind: SpanKind.PRODUCER, parentSpanContext: { spanId } })
    expect(process).toMatchObject({
      name: `process ${queue}`,
      kind: SpanKind.CONSUMER,
      parentSpanContext: { spanId: send?.spanContext().spanId },
      attributes: {
        'messaging.system': 'rabbitmq',
        'messaging.message.id': 'm1',
        'messaging.destination.name': queue,
        'messaging.message.body.size': 5,
      },
    })
  },
)

testWith(
  rabbit,
  "the size is the broker's own figure, and what was delivered and not yet settled runs here",
  async () => {
    for (let job = 0; job < 7; job++) channel.sendToQueue(queue, Buffer.from(String(job)))
    await until(() => status()?.size === 7)
    expect((await channel.checkQueue(queue)).messageCount).toBe(7)
    const messages: ConsumeMessage[] = []
    await channel.prefetch(3)
    await channel.consume(queue, (message) => void (message !== null && messages.push(message)))
    await until(() => status()?.size === 4 && status()?.active === 3)
    channel.ack(messages[1] as ConsumeMessage, true)
    await until(() => status()?.size === 2 && status()?.active === 3)
    channel.ackAll()
    await until(() => status()?.size === 0 && status()?.active === 2)
    channel.nackAll(false)
    expect(status()).toMatchObject({ active: 0, jobs: { success: 5, error: 2 } })
  },
)

testWith(
  rabbit,
  'a message that is put back is tried again: its attempt has failed, and the job is counted at its end',
  async () => {
    channel.sendToQueue(queue, Buffer.from('x'))
    const attempts: boolean[] = []
    await channel.consume(queue, (message) => {
      if (message === null) return
      attempts.push(message.fields.redelivered)
      if (attempts.length < 3) channel.nack(message)
      else channel.reject(message, false)
    })
    await until(() => attempts.length === 3)
    expect(attempts).toEqual([false, true, true])
    expect(status()).toMatchObject({ active: 0, jobs: { success: 0, error: 1 }, waits: { count: 1 } })
    expect(telemetry.points('mcp.errors')).toEqual({
      'source=queue,type=RequeuedMessage': 2,
      'source=queue,type=RejectedMessage': 1,
    })
    const runs = telemetry.spans().filter(({ kind }) => kind === SpanKind.CONSUMER)
    expect(runs.map(({ status: { code } }) => code)).toEqual([2, 2, 2].map(() => SpanStatusCode.ERROR))
    expect(new Set(runs.map((span) => span.spanContext().traceId)).size).toBe(1)
  },
)

testWith(rabbit, 'what a handler throws is the error of its job, once that is rejected', async () => {
  channel.on('handler-error', () => {})
  channel.sendToQueue(queue, Buffer.from('x'))
  const failed = Promise.withResolvers<ConsumeMessage>()
  await channel.consume(queue, (message) => {
    if (message === null) return
    failed.resolve(message)
    throw new RangeError('too far')
  })
  channel.nack(await failed.promise, false, false)
  expect(status()).toMatchObject({ jobs: { error: 1 } })
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=RangeError': 1 })
  expect(telemetry.spans().at(-1)).toMatchObject({ status: { code: SpanStatusCode.ERROR, message: 'too far' } })
})

testWith(rabbit, 'without acknowledgements a job runs until its handler has settled', async () => {
  const gate = Promise.withResolvers<void>()
  await channel.consume(queue, () => gate.promise, { noAck: true })
  channel.sendToQueue(queue, Buffer.from('x'))
  await until(() => status()?.active === 1)
  gate.resolve()
  await until(() => status()?.active === 0)
  expect(status()).toMatchObject({ jobs: { success: 1 } })
})

testWith(rabbit, 'what a closed channel had not settled is given to others: its attempts have failed', async () => {
  const own = instrumentQueue(await connection.createChannel(), options())
  own.sendToQueue(queue, Buffer.from('x'))
  await own.consume(queue, () => {})
  await until(() => status()?.active === 1)
  await own.close()
  expect(status()).toMatchObject({ active: 0, jobs: { success: 0, error: 0 } })
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=queue,type=ChannelClosed': 1 })
  const message = (await channel.get(queue)) as GetMessage
  expect(message.fields.redelivered).toBe(true)
  channel.ack(message)
  expect(status()).toMatchObject({ active: 0, jobs: { success: 1 } })
})

testWith(rabbit, 'messages that the app fetches itself run until they are settled', async () => {
  expect(await channel.get(queue)).toBe(false)
  const { traceId } = underSpan(telemetry, () => channel.sendToQueue(queue, Buffer.from('a')))
  channel.sendToQueue(queue, Buffer.from('b'))
  await until(() => status()?.size === 2)
  const message = (await channel.get(queue)) as GetMessage
  expect(message.properties.headers).toEqual({})
  expect(await channel.get(queue, { noAck: true })).toMatchObject({ fields: { messageCount: 0 } })
  expect(status()).toMatchObject({ active: 1, jobs: { success: 1 } })
  channel.ack(message)
  expect(status()).toMatchObject({ active: 0, jobs: { success: 2 } })
  const runs = telemetry.spans().filter(({ kind }) => kind === SpanKind.CONSUMER)
  expect(runs.at(-1)?.spanContext().traceId).toBe(traceId)
})

for (const { version, connectTo } of [
  { version: '0.10', connectTo: require('amqplib-0').connect as typeof connect },
  { version: '2', connectTo: connect },
]) {
  testWith(
    rabbit,
    `with amqplib ${version} a confirmed message ends its span with the confirmation, as an error if the broker refuses it`,
    async () => {
      const other = await connectTo(broker.url)
      const confirming: ConfirmChannel = instrumentQueue(await other.createConfirmChannel(), options())
      const full = `${queue}-full`
      await confirming.assertQueue(full, { maxLength: 1, overflow: 'reject-publish' })
      const told: unknown[] = []
      for (const body of ['a', 'b', 'c']) {
        confirming.sendToQueue(full, Buffer.from(body), {}, (error) => told.push(error === null ? null : String(error)))
      }
      await expect(confirming.waitForConfirms()).rejects.toThrow('message nacked')
      await until(() => told.length === 3)
      expect(told.map(String).toSorted(byText)).toEqual(['Error: message nacked', 'Error: message nacked', 'null'])
      await until(() => sends().length === 3)
      expect(
        sends()
          .map((span) => String(span.status.code))
          .toSorted(byText),
      ).toEqual(['0', '2', '2'])
      await other.close()
    },
  )
}

testWith(rabbit, 'an exchange is sent to as such, and a delay by a queue that messages die in is no wait', async () => {
  await channel.assertExchange('posts', 'topic')
  await channel.bindQueue(queue, 'posts', 'post.*')
  await channel.assertQueue(`${queue}-later`, { deadLetterExchange: '', deadLetterRoutingKey: queue })
  const messages: ConsumeMessage[] = []
  const arrivals: number[] = []
  await channel.consume(queue, (message) => {
    if (message === null) return
    arrivals.push(Date.now())
    messages.push(message)
    channel.ack(message)
  })
  const sentAt = Date.now()
  channel.publish('posts', 'post.new', Buffer.from('now'))
  channel.sendToQueue(`${queue}-later`, Buffer.from('later'), { expiration: 300 })
  await until(() => messages.length === 2)
  expect(telemetry.spans().map(({ name }) => name)).toContain('send posts')
  expect(messages.map(({ properties }) => Object.keys(properties.headers ?? {}))).toEqual([
    [],
    expect.arrayContaining(['x-death']),
  ])
  expect(status()).toMatchObject({ waits: { count: 2 }, jobs: { success: 2 } })
  // No more than has passed until they were there, but for the delay.
  const waited = arrivals.reduce((total, arrival) => total + arrival - sentAt, -300)
  expect(Number(status()?.waits.sum) * 1000).toBeLessThanOrEqual(waited + 5)
})

testWith(rabbit, 'the callback API is measured as well', async () => {
  const opened = await new Promise<{ channel: CallbackChannel; close: () => void }>((resolve, reject) => {
    connectWithCallback(broker.url, (failure, model) => {
      if (failure) return reject(failure)
      instrumentQueue(model, options())
      model.createChannel((error, open) =>
        error ? reject(error) : resolve({ channel: open, close: () => model.close() }),
      )
    })
  })
  const { traceId } = underSpan(telemetry, () => opened.channel.sendToQueue(queue, Buffer.from('a')))
  const first = await new Promise<ConsumeMessage>((resolve) => {
    opened.channel.consume(queue, (message) => resolve(message as ConsumeMessage))
  })
  await until(() => status()?.size === 0)
  opened.channel.ack(first)
  opened.channel.sendToQueue(`${queue}-2`, Buffer.from('b'))
  expect(status()).toMatchObject({ active: 0, jobs: { success: 1 } })
  expect(
    telemetry
      .spans()
      .find(({ kind }) => kind === SpanKind.CONSUMER)
      ?.spanContext().traceId,
  ).toBe(traceId)
  await new Promise<void>((resolve) => {
    opened.channel.get('nowhere', {}, (error: unknown) => {
      expect(String(error)).toContain('NOT_FOUND')
      resolve()
    })
    opened.channel.once('error', () => {})
  })
  opened.close()
})

testWith(rabbit, 'a trace that the app puts in the headers itself is followed, and stays there', async () => {
  const { span } = underSpan(telemetry, () => {})
  const { traceId, spanId } = span.spanContext()
  const headers = { traceparent: `00-${traceId}-${spanId}-01` }
  channel.sendToQueue(queue, Buffer.from('x'), { headers })
  const message = await new Promise<ConsumeMessage>((resolve) => {
    void channel.consume(queue, (given) => resolve(given as ConsumeMessage), { noAck: true })
  })
  expect(message.properties.headers).toEqual(headers)
  expect(propagation.fields()).toContain('traceparent')
  await until(() => status()?.jobs.success === 1)
  expect(telemetry.spans().at(-1)?.parentSpanContext?.spanId).toBe(spanId)
})

testWith(rabbit, 'a queue that is not there is not shown, and breaks no channel', async () => {
  await channel.assertQueue('nowhere')
  channel.sendToQueue('nowhere', Buffer.from('x'))
  const nowhere = (): QueueStatus | undefined => listQueues(telemetry).find(({ plugin }) => plugin === 'nowhere')
  await until(() => nowhere()?.size === 1)
  await channel.deleteQueue('nowhere')
  await channel.consume(queue, () => {})
  await until(() => nowhere()?.size === undefined && status()?.size === 0)
  expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0 })
  expect(telemetry.points('mcp.errors')).toEqual({})
})

testWith(rabbit, 'a queue that expires when nobody uses it does so, since nobody asks for its size', async () => {
  const bare = await connection.createChannel()
  await channel.assertQueue(`${queue}-declared`, { expires: 300 })
  await bare.assertQueue(`${queue}-unknown`, { expires: 300 })
  for (const name of ['declared', 'unknown']) channel.sendToQueue(`${queue}-${name}`, Buffer.from('x'))
  const look = async (name: string): Promise<string> => {
    const probe = await connection.createChannel()
    probe.on('error', () => {})
    return probe.checkQueue(`${queue}-${name}`).then(() => 'is there', String)
  }
  // To look is to use it: the next look comes when it has had the time to expire.
  for (const name of ['declared', 'unknown']) {
    await expect.poll(() => look(name), { interval: 1000 }).toContain('NOT_FOUND')
  }
})

testWith(
  rabbit,
  'an app that closes its connection is done with its queues: their gauges are gone, without an error',
  async () => {
    const own = await connect(broker.url)
    const { stream } = own.connection as unknown as { stream: Socket }
    // Nobody is asked but when the test says so: a question that is on its way when it is closed has no answer.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    try {
      telemetry = createOwnTelemetry()
      const measured = instrumentQueue(await own.createChannel(), options())
      await measured.assertQueue(queue, { durable: true })
      await measured.consume(queue, () => {})
      vi.advanceTimersByTime(30)
      while (status()?.size !== 0) await turn()
      // While the end is on its way nobody can be asked.
      stream.cork()
      const closed = own.close()
      vi.advanceTimersByTime(30)
      while (status()?.size !== undefined) await turn()
      stream.uncork()
      await closed
    } finally {
      vi.useRealTimers()
    }
    expect(status()).toBeUndefined()
    expect(telemetry.points('mcp.errors')).toEqual({})
  },
)

/** Does all kinds of things with a channel, and returns all that came of it. */
async function script(measure: <T extends object>(value: T) => T): Promise<unknown[]> {
  const log: unknown[] = []
  const own = measure(await connection.createChannel())
  own.on('error', (error: Error) => log.push(['error', error.message]))
  own.on('close', () => log.push(['close']))
  own.on('return', ({ properties, fields }) => log.push(['return', properties.headers, fields.routingKey]))
  const name = `${queue}-script`
  log.push(await own.assertQueue(name), own.publish('', name, Buffer.from('1'), { headers: { a: 1, CC: [] } }))
  log.push(own.sendToQueue('nobody', Buffer.from('2'), { mandatory: true, headers: { b: [1, { c: true }] } }))
  await new Promise<void>((resolve) => own.once('return', () => resolve()))
  const messages: unknown[] = []
  const { consumerTag } = await own.consume(name, (message) => void messages.push(message?.properties), {
    consumerTag: 'tag',
    noAck: true,
  })
  await vi.waitFor(() => expect(messages).toHaveLength(1))
  log.push(consumerTag, messages, await own.cancel(consumerTag), await own.deleteQueue(name))
  log.push(await own.checkQueue('nowhere').catch(String))
  try {
    own.sendToQueue(name, Buffer.from('3'))
  } catch (error) {
    log.push(String(error))
  }
  return log
}

testWith(rabbit, 'a measured channel gives and tells the same as a bare one', async () => {
  expect(await script((value) => instrumentQueue(value, options()))).toEqual(await script((value) => value))
})

testWith(
  rabbit,
  'while the broker is away nothing is shown and an error says so; when it is back, so are the figures',
  async () => {
    connection.on('error', () => {})
    channel.sendToQueue(queue, Buffer.from('x'), { persistent: true })
    await channel.consume(queue, () => {})
    await until(() => status()?.size === 0 && status()?.active === 1)
    const closed = once(connection, 'close')
    await broker.pause()
    await closed
    await until(() => Number(telemetry.points('mcp.errors')['source=queue,type=BrokerLostError']) >= 2)
    expect(status()).toBeDefined()
    expect(status()).not.toHaveProperty('size')
    expect(telemetry.points('mcp.queue.size')).toEqual({})
    expect(status()).toMatchObject({ active: 0 })
    await broker.resume()
    connection = await connect(broker.url)
    channel = instrumentQueue(await connection.createChannel(), options())
    await channel.assertQueue(queue)
    const message = (await channel.get(queue)) as GetMessage
    channel.nack(message)
    await until(() => status()?.size === 1)
    const errors = telemetry.points('mcp.errors')['source=queue,type=BrokerLostError']
    await vi.waitFor(async () => expect((await channel.checkQueue(queue)).messageCount).toBe(1))
    expect(telemetry.points('mcp.errors')['source=queue,type=BrokerLostError']).toBe(errors)
  },
  60_000,
)
