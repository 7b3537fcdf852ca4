import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 50

/** Runs `work` while no other process on this machine holds the lock; a lock whose holder has died is taken over. */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const own = `${file}.${process.pid}-${randomUUID()}`
  await writeFile(own, String(process.pid))
  try {
    await acquire(file, own)
    try {
      return await work()
    } finally {
      await rm(file, { force: true })
    }
  } finally {
    await rm(own, { force: true })
  }
}

/** A link appears with its content at once, so that no lock is ever seen without its holder. */
async function acquire(file: string, own: string): Promise<void> {
  for (;;) {
    try {
      return await link(own, file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = Number(await readFile(file, 'utf8').catch(() => ''))
    if (holder > 0 && !isAlive(holder)) await rm(file, { force: true })
    else await pause(POLL_MS)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
