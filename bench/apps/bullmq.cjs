// Puts jobs in a queue and works them off, batch by batch, as its parent asks: nothing of ours in it.
const { setTimeout: pause } = require('node:timers/promises')

const { Queue, Worker } = require('bullmq')

const [, , name, port] = process.argv
const connection = { host: '127.0.0.1', port: Number(port) }
const queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } })
let left = 0
let workMs = 0
let done = () => {}
const worker = new Worker(
  name,
  async (job) => {
    if (workMs > 0) await pause(workMs)
    left -= 1
    if (left === 0) done()
    return job.data.index
  },
  { connection, concurrency: 10 },
)

async function batch(jobs) {
  const { promise, resolve } = Promise.withResolvers()
  left = jobs
  done = resolve
  const started = process.hrtime.bigint()
  const cpu = process.cpuUsage()
  for (let index = 0; index < jobs; index += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, offset) => queue.add('job', { index: index + offset })))
  }
  await promise
  const { user, system } = process.cpuUsage(cpu)
  return { seconds: Number(process.hrtime.bigint() - started) / 1e9, cpuSeconds: (user + system) / 1e6 }
}

process.on('message', async (asked) => {
  workMs = asked.workMs
  process.send(await batch(asked.jobs))
})
process.once('disconnect', async () => {
  await worker.close()
  await queue.close()
  process.exit()
})
void worker.waitUntilReady().then(() => process.send('ready'))
