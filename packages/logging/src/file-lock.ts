import { closeSync, openSync, readFileSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'

/** A lock older than this was left by a process that nobody can ask for any more, ms. */
const ABANDONED_MS = 30_000

/** How long it is slept between two looks at a lock that is held, ms. */
const SLEEP_MS = 0.2
/** A sleep that took longer counts as so much, ms: the machine stood still, and whoever holds the lock with it. */
const LONGEST_SLEEP_MS = 50

/**
 * Runs `work` while this thread alone, of all processes that ask for `path`, holds the lock, and returns true.
 * Returns false, without running it, when the lock cannot be had in `patienceMs` of waiting or cannot be made at all.
 */
export function withFileLock(path: string, patienceMs: number, work: () => void): boolean {
  if (!acquire(path, patienceMs)) return false
  try {
    work()
  } finally {
    release(path)
  }
  return true
}

function acquire(path: string, patienceMs: number): boolean {
  let waited = 0
  for (;;) {
    const made = create(path)
    if (made !== 'held') return made === 'made'
    if (isAbandoned(path)) discard(path)
    else if (waited > patienceMs) return false
    else waited += Math.min(sleep(), LONGEST_SLEEP_MS)
  }
}

/** Sleeps, and returns for how long, ms. */
function sleep(): number {
  const start = performance.now()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLEEP_MS)
  return performance.now() - start
}

function create(path: string): 'made' | 'held' | 'failed' {
  try {
    const fd = openSync(path, 'wx')
    try {
      writeSync(fd, owner())
    } catch {
      // On a full disk the lock holds without its owner's name; then only its age tells that it was abandoned.
    } finally {
      closeSync(fd)
    }
    return 'made'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'held' : 'failed'
  }
}

function release(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // The directory went away under us, and the lock with it.
  }
}

function owner(): string {
  return `${process.pid} ${threadId} ${hostname()}`
}

function isAbandoned(path: string): boolean {
  try {
    const [pid, thread, host] = readFileSync(path, 'utf8').split(' ')
    const age = Date.now() - statSync(path).mtimeMs
    if (age > ABANDONED_MS) return true
    if (host !== hostname() || pid === undefined) return false
    // A lock is never held across a call, so one in this very thread's name is an earlier process's with its number.
    if (Number(pid) === process.pid) return Number(thread) === threadId
    return !isAlive(Number(pid))
  } catch {
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Removes an abandoned lock; by renaming it first, so that of two who judged it abandoned only one removes it. */
function discard(path: string): void {
  const aside = `${path}.${process.pid}.${threadId}`
  try {
    const judged = statSync(path).ino
    renameSync(path, aside)
    if (statSync(aside).ino === judged) unlinkSync(aside)
    else renameSync(aside, path)
  } catch {
    // Somebody else has removed it meanwhile.
  }
}
