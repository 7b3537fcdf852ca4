import { PgBoss } from 'pg-boss'

import { REGISTER, root } from './support/app-process.ts'
import { findPostgres } from './support/components.ts'
import { holdAgainstTruth } from './support/hold-against-truth.ts'
import { startPostgres } from './support/start-postgres.ts'
import { testWith } from './support/test-with.ts'

testWith(
  await findPostgres(),
  'jobs of an ESM app on pg-boss, started by --import, are counted, timed and traced as they were, though a worker is killed',
  async (found) => {
    await using database = await startPostgres(found)
    const boss = new PgBoss({ connectionString: database.url, supervise: false, schedule: false })
    boss.on('error', () => {})
    await boss.start()
    await holdAgainstTruth({
      args: ['--import', REGISTER, `${root}/test/fixtures/pg-boss-app.mjs`],
      url: database.url,
      queue: 'jobs',
      size: async () => (await boss.getQueueStats('jobs', { force: true }))[0]?.readyCount ?? 0,
    })
    await boss.stop({ graceful: false })
  },
  90_000,
)
