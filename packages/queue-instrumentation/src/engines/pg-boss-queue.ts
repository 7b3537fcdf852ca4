import type { BrokerQueue, QueueReading } from '../shared-queue.ts'

export const PG_BOSS = 'pg-boss'

/** What sends a statement to the database, pg-boss's own pool or the app's. */
export interface BossDb {
  executeSql(text: string, values?: unknown[]): Promise<{ readonly rows: readonly Record<string, unknown>[] }>
  readonly config?: Readonly<Record<string, unknown>> | undefined
}

/** What this needs of a pg-boss. */
export interface BossFigures {
  getDb(): BossDb
  getQueue(name: string): Promise<Record<string, unknown> | null>
}

/** Jobs are counted one by one as far as this; of longer queues pg-boss's own count is taken. */
const HEAD = 10_000

/** Describes a queue of a pg-boss, and how it is asked for its figures. */
export function brokerQueue(boss: BossFigures, name: string): BrokerQueue {
  const db = boss.getDb()
  const schema = db.config?.['schema']
  return {
    engine: PG_BOSS,
    name,
    address: addressOf(db),
    read: typeof schema === 'string' ? () => readHead(db, schema, name) : () => readCounts(boss, name),
  }
}

/**
 * Looks at the head of the queue, in the order of the index that pg-boss fetches by, which has all that is read; and at the
 * counts that its monitor has left with the queue, once a minute unless it is set up otherwise.
 */
async function readHead(db: BossDb, schema: string, name: string): Promise<QueueReading | undefined> {
  const { rows } = await db.executeSql(
    `SELECT head.seen, head.ready, head.age, queue.ready_count, queue.active_count, queue.monitor_on IS NOT NULL AS is_counted
    FROM ${schema}.queue AS queue, (
      SELECT count(*)::int AS seen, count(*) FILTER (WHERE start_after <= now())::int AS ready,
        extract(epoch FROM now() - min(greatest(created_on, start_after)) FILTER (WHERE start_after <= now()))::float8 AS age
      FROM (
        SELECT created_on, start_after FROM ${schema}.job WHERE name = $1 AND state < 'active' AND NOT blocked
        ORDER BY priority DESC, created_on LIMIT ${HEAD}
      ) AS jobs
    ) AS head
    WHERE queue.name = $1`,
    [name],
  )
  const row = rows[0]
  if (row === undefined) return undefined
  const ready = Number(row['ready'])
  return {
    size: Number(row['seen']) < HEAD ? ready : Math.max(ready, Number(row['ready_count'])),
    active: row['is_counted'] === true ? Number(row['active_count']) : undefined,
    oldestJobAge: Math.max(0, Number(row['age'] ?? 0)),
  }
}

/** Over a database of the app's own nobody knows where the tables are, but pg-boss itself. */
async function readCounts(boss: BossFigures, name: string): Promise<QueueReading | undefined> {
  const queue = await boss.getQueue(name)
  return queue === null ? undefined : { size: Number(queue['readyCount']), active: Number(queue['activeCount']) }
}

/** Which schema of which database, without who asks. */
function addressOf({ config }: BossDb): string {
  const { connectionString, host = '', port = '', database = '', schema = '' } = config ?? {}
  const url =
    typeof connectionString === 'string' && URL.canParse(connectionString) ? new URL(connectionString) : undefined
  const where = url === undefined ? `${String(host)}:${String(port)}/${String(database)}` : `${url.host}${url.pathname}`
  return `${where}/${String(schema)}`
}
