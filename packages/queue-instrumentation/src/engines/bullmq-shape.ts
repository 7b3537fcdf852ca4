/** What a queue, a worker and a job of BullMQ have, of both majors, as far as it is used here. */
export interface BullBase {
  readonly name: string
  readonly qualifiedName?: string
  readonly opts?: { readonly telemetry?: unknown } | undefined
  /** Of a worker: what the app does with a job. */
  readonly processFn?: unknown
  readonly closing?: unknown
  /** Since 6; before there are `scripts` and `connection`. */
  readonly backend?: BullStore & { readonly connection?: BullConnection }
  readonly scripts?: BullStore
  readonly connection?: BullConnection
  readonly Job?: { fromId: (queue: object, id: string) => Promise<BullJob | undefined> }
  readonly toKey: (id: string) => string
}

/** What carries out the commands of a queue. */
export interface BullStore {
  /** On Redis: what it has of its queue or worker. */
  readonly queue?: Pick<BullBase, 'opts'>
  getCounts: (types: readonly string[]) => Promise<readonly number[]>
  getRanges: (types: readonly string[], start: number, end: number, asc: boolean) => Promise<readonly string[][]>
  getJobData?: (id: string) => Promise<BullJobData | undefined>
}

export interface BullJobData {
  readonly timestamp?: number
  readonly attemptsStarted?: number
  readonly opts?: BullJobOptions
}

export interface BullConnection {
  /** Of Redis. */
  readonly client?: Promise<BullRedis>
  readonly opts?: BullAddress
  readonly _client?: { readonly options?: BullAddress }
  /** Of PostgreSQL. */
  readonly pool?: { readonly options?: BullAddress }
}

export interface BullAddress {
  readonly host?: string
  readonly port?: number
  readonly path?: string
  readonly db?: number
  readonly database?: string
  readonly connectionString?: string
}

export interface BullRedis {
  hmget: (key: string, ...fields: string[]) => Promise<readonly (string | null)[]>
}

export interface BullTelemetry {
  readonly metadata?: unknown
  readonly omitContext?: unknown
}

export interface BullJobOptions {
  readonly delay?: number
  readonly repeat?: unknown
  readonly telemetry?: BullTelemetry
}

export interface BullJob {
  readonly id?: string
  readonly name?: string
  opts?: BullJobOptions
  readonly timestamp?: number
  readonly attemptsStarted?: number
  readonly attemptsMade?: number
  readonly processedOn?: number
  readonly finishedOn?: unknown
}

/** Whether it is a queue, or a worker, that a broker stands behind. */
export function isBullBase(value: object): value is BullBase {
  const { name, opts, toKey, backend, scripts } = value as Partial<BullBase>
  if (typeof name !== 'string' || typeof opts !== 'object' || typeof toKey !== 'function') return false
  return typeof (backend ?? scripts)?.getCounts === 'function'
}

/** Whether the jobs are kept in PostgreSQL. */
export function isOnPostgres({ backend }: BullBase): boolean {
  return backend?.connection?.pool !== undefined
}

/** Which broker it is: a name for us, that is shown to nobody. */
export function addressOf(base: BullBase): string {
  const connection = (base.backend ?? base).connection
  const given = connection?.pool?.options ?? connection?._client?.options ?? connection?.opts ?? {}
  const { host, port, path, db, database, connectionString } = given
  const where = URL.canParse(connectionString ?? '') ? new URL(connectionString ?? '') : undefined
  return [
    where?.host ?? path ?? `${host ?? 'localhost'}:${port ?? ''}`,
    where?.pathname ?? database ?? db ?? 0,
    base.qualifiedName ?? base.name,
  ].join(' ')
}
