import { randomUUID } from 'node:crypto'

/** A job waits, runs, and ends in one of four ways. */
export type JobStatus = 'queued' | 'started' | 'success' | 'error' | 'timeout' | 'cancelled'

/** One command of a plugin, asked for by a request. */
export interface Job {
  readonly id: string
  readonly plugin: string
  readonly command: string
  readonly queued_at: string
  status: JobStatus
  /** Milliseconds in the queue; 0 until it has started. */
  wait_ms: number
  /** Milliseconds of running; 0 until it has ended. */
  duration_ms: number
}

/** The jobs that wait and run, and the latest of those that have ended. */
export interface JobRegistry {
  create(plugin: string, command: string): Job
  find(id: string): Job | undefined
}

/** Remembers the `capacity` latest jobs. */
export function createJobRegistry(capacity: number): JobRegistry {
  const jobs = new Map<string, Job>()
  return {
    create(plugin, command) {
      const job: Job = {
        id: randomUUID(),
        plugin,
        command,
        status: 'queued',
        queued_at: new Date().toISOString(),
        wait_ms: 0,
        duration_ms: 0,
      }
      jobs.set(job.id, job)
      const [oldest] = jobs.keys()
      if (jobs.size > capacity && oldest !== undefined) jobs.delete(oldest)
      return job
    },
    find: (id) => jobs.get(id),
  }
}
