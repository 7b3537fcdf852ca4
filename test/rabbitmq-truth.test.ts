import { connect } from 'amqplib'

import { REGISTER, root } from './support/app-process.ts'
import { findRabbitMq } from './support/components.ts'
import { holdAgainstTruth } from './support/hold-against-truth.ts'
import { startRabbitMq } from './support/start-rabbitmq.ts'
import { testWith } from './support/test-with.ts'

testWith(
  await findRabbitMq(),
  'jobs of a CommonJS app on RabbitMQ, started by --require, are counted, timed and traced as they were, though a worker is killed',
  async (found) => {
    await using broker = await startRabbitMq(found)
    const connection = await connect(broker.url)
    const channel = await connection.createChannel()
    await channel.assertQueue('jobs')
    await channel.assertQueue('jobs-later', { deadLetterExchange: '', deadLetterRoutingKey: 'jobs' })
    await holdAgainstTruth({
      args: ['--require', REGISTER, `${root}/test/fixtures/rabbitmq-app.cjs`],
      url: broker.url,
      queue: 'jobs',
      size: async () => (await channel.checkQueue('jobs')).messageCount,
    })
    await connection.close()
  },
  90_000,
)
