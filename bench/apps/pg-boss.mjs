import { PgBoss } from 'pg-boss'

import { runBatches, work } from './run-batches.cjs'

const [, , name, url] = process.argv
const boss = new PgBoss({ connectionString: url, schedule: false, max: 10 })
await boss.start()
await boss.createQueue(name)
const options = { batchSize: 10, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 }
await boss.work(name, options, async (jobs) => void (await Promise.all(jobs.map(() => work()))))
runBatches(
  async (jobs) => {
    for (let index = 0; index < jobs; index += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, offset) => boss.send(name, { index: index + offset })))
    }
  },
  () => boss.stop({ graceful: false }),
)
