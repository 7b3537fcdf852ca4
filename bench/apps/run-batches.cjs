// What the apps on queues have in common: jobs are put in and worked off, batch by batch, as their parent asks.
const { setTimeout: pause } = require('node:timers/promises')

let left = 0
let workMs = 0
let done = () => {}

/** What each job does. */
exports.work = async () => {
  if (workMs > 0) await pause(workMs)
  left -= 1
  if (left === 0) done()
}

/** `put` puts so many jobs in the queue; what it returns is awaited. */
exports.runBatches = (put, close = async () => {}) => {
  process.on('message', async (asked) => {
    const { promise, resolve } = Promise.withResolvers()
    left = asked.jobs
    workMs = asked.workMs
    done = resolve
    const started = process.hrtime.bigint()
    const cpu = process.cpuUsage()
    await put(asked.jobs)
    await promise
    const { user, system } = process.cpuUsage(cpu)
    process.send({ seconds: Number(process.hrtime.bigint() - started) / 1e9, cpuSeconds: (user + system) / 1e6 })
  })
  process.once('disconnect', async () => {
    await close()
    process.exit()
  })
  process.send('ready')
}
