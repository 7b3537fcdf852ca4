import { randomUUID } from 'node:crypto'

import { millisecondsSince } from './milliseconds-since.ts'

/** A job waits, runs, and ends in one of four ways. */
export type JobStatus = 'queued' | 'started' | 'success' | 'error' | 'timeout' | 'cancelled'

/** One command of a plugin, asked for by a request. */
export class Job {
  readonly id = randomUUID()
  readonly plugin: string
  readonly command: string
  readonly queued_at: string = new Date().toISOString()
  status: JobStatus = 'queued'
  /** Milliseconds in the queue; 0 until it has started. */
  wait_ms = 0
  /** Milliseconds of running; 0 until it has ended. */
  duration_ms = 0
  #since = performance.now()

  constructor(plugin: string, command: string) {
    this.plugin = plugin
    this.command = command
  }

  /** Goes on to its next state, and measures the one that is over. */
  enter(status: Exclude<JobStatus, 'queued'>): void {
    if (status === 'started') this.wait_ms = millisecondsSince(this.#since)
    else if (this.status === 'started') this.duration_ms = millisecondsSince(this.#since)
    this.status = status
    this.#since = performance.now()
  }
}

/** The latest jobs, by their ids. */
export interface JobHistory {
  add(job: Job): void
  find(id: string): Job | undefined
}

/** Remembers the `capacity` latest jobs. */
export function createJobHistory(capacity: number): JobHistory {
  const jobs = new Map<string, Job>()
  return {
    add(job) {
      jobs.set(job.id, job)
      const [oldest] = jobs.keys()
      if (jobs.size > capacity && oldest !== undefined) jobs.delete(oldest)
    },
    find: (id) => jobs.get(id),
  }
}
