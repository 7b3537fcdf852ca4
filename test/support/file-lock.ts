import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 50

/** Runs `work` while no other process on this machine holds the lock; a lock whose holder has died is taken over. */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const own = `${file}.${process.pid}-${randomUUID()}`
  await writeFile(own, await identityOf(process.pid))
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
    if (await isAbandoned(file)) await discard(file, `${own}-abandoned`)
    else await pause(POLL_MS)
  }
}

/** Moved away before it is removed: of two who found its holder dead, one may have made it its own since. */
async function discard(file: string, aside: string): Promise<void> {
  const isMoved = await rename(file, aside).then(
    () => true,
    () => false,
  )
  if (!isMoved) return
  if (!(await isAbandoned(aside))) await link(aside, file).catch(() => {})
  await rm(aside, { force: true })
}

async function isAbandoned(file: string): Promise<boolean> {
  const holder = await readFile(file, 'utf8').catch(() => '')
  return holder !== '' && holder !== (await identityOf(Number.parseInt(holder, 10)))
}

/** A process id and when its process was started: in another container, or later, the same id is another process. */
async function identityOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const startedAt = stat.slice(stat.lastIndexOf(')')).split(' ')[20] ?? ''
  return stat === '' && !isAlive(pid) ? '' : `${pid} ${startedAt}`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
