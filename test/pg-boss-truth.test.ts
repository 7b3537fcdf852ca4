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
      // Who was at the last attempt of a job may be the one that is killed.
      async givenUp() {
        const { rows } = await boss
          .getDb()
          .executeSql("SELECT data->>'id' AS id FROM pgboss.job WHERE state = 'failed'")
        return rows.map(({ id }) => Number(id))
      },
      size: async () => (await boss.getQueueStats('jobs', { force: true }))[0]?.readyCount ?? 0,
    })
    await boss.stop({ graceful: false })
  },
  90_000,
)
