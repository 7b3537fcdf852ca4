import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

import { withFileLock } from './file-lock.ts'

const run = promisify(execFile)

/** Where packages are kept from one run to the next. */
export const CACHE: string = path.join(import.meta.dirname, '../../.cache/debian')

/** Returns the folder that packages are unpacked in, all in one; they stand there whole or not at all. */
export async function unpacked(name: string, packages: readonly string[] = [name]): Promise<string> {
  const target = path.join(CACHE, name)
  if (await isThere(target)) return target
  await mkdir(CACHE, { recursive: true })
  return withFileLock(path.join(CACHE, `${name}.lock`), async () => {
    if (await isThere(target)) return target
    const work = await mkdtemp(path.join(CACHE, `.${name}-`))
    try {
      await download(packages, work)
      const archives = (await readdir(work)).filter((file) => file.endsWith('.deb'))
      if (archives.length !== packages.length) {
        throw new Error(`apt-get download ${packages.join(' ')} left ${archives.length} packages behind`)
      }
      for (const archive of archives) await run('dpkg', ['-x', archive, 'root'], { cwd: work })
      await rename(path.join(work, 'root'), target)
      return target
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  })
}

/** The signed package lists, and so the integrity, are apt's own affair. */
async function download(packages: readonly string[], cwd: string): Promise<void> {
  const get = (): Promise<unknown> =>
    run('apt-get', ['-q', '-o', 'Acquire::Retries=3', 'download', ...packages], { cwd })
  try {
    await get()
  } catch {
    await withFileLock(path.join(CACHE, 'lists.lock'), () =>
      run('apt-get', ['-q', '-o', 'Acquire::Retries=3', 'update'], { cwd }),
    )
    await get()
  }
}

export async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
