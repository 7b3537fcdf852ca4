const { connect } = require('amqplib')

const { runBatches, work } = require('./run-batches.cjs')

const [, , name, url] = process.argv

async function main() {
  const connection = await connect(url, { noDelay: true })
  const producer = await connection.createConfirmChannel()
  const consumer = await connection.createChannel()
  await consumer.assertQueue(name)
  await consumer.prefetch(10)
  await consumer.consume(name, async (message) => {
    await work()
    consumer.ack(message)
  })
  runBatches(
    async (jobs) => {
      for (let index = 0; index < jobs; index += 50) {
        for (let offset = 0; offset < 50; offset += 1) {
          producer.sendToQueue(name, Buffer.from(JSON.stringify({ index: index + offset })), { persistent: true })
        }
        await producer.waitForConfirms()
      }
    },
    () => connection.close(),
  )
}

void main()
