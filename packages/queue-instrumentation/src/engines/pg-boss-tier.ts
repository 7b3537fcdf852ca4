import { tierOf } from './pg-boss-context.ts'
import type { Group } from './pg-boss-context.ts'
import type { BossDb } from './pg-boss-queue.ts'

export interface SendOptions {
  readonly db?: Pick<BossDb, 'executeSql'> | null | undefined
  readonly group?: Group | null | undefined
}

/** Puts a trace in a job's options; there is no way to give a tier without a group but in the statement itself. */
export function withTier(
  options: SendOptions | null | undefined,
  carrier: Record<string, string>,
  db: () => BossDb,
): SendOptions | null | undefined {
  const tier = tierOf(carrier)
  // What is none of pg-boss's options is its own to refuse.
  if (tier === undefined || (options !== undefined && typeof options !== 'object')) return options
  const group = options?.group
  if (group === undefined || group === null) return { ...options, db: withTierInJob(options?.db ?? db(), tier) }
  return 'tier' in group ? options : { ...options, group: { ...group, tier } }
}

const NO_TIER = '"groupTier":null'

function withTierInJob(db: Pick<BossDb, 'executeSql'>, tier: string): Pick<BossDb, 'executeSql'> {
  return {
    executeSql(text, values) {
      const [jobs, ...rest] = values ?? []
      // Behind the job's data, which may have the like.
      const at = typeof jobs === 'string' ? jobs.lastIndexOf(NO_TIER) : -1
      if (at < 0) return db.executeSql(text, values)
      const given = jobs as string
      const tiered = `${given.slice(0, at)}"groupTier":${JSON.stringify(tier)}${given.slice(at + NO_TIER.length)}`
      return db.executeSql(text, [tiered, ...rest])
    },
  }
}

/** Puts a trace in one of the jobs of `insert`, which takes the columns themselves too. */
export function tieredJob(job: unknown, carrier: Record<string, string>): unknown {
  const tier = tierOf(carrier)
  if (tier === undefined || typeof job !== 'object' || job === null) return job
  const { group, groupTier } = job as { group?: Group | null; groupTier?: unknown }
  if (groupTier !== undefined && groupTier !== null) return job
  if (group === undefined || group === null) return { ...job, groupTier: tier }
  return 'tier' in group ? job : { ...job, group: { ...group, tier } }
}
