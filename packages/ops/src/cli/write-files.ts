import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** Writes files into a folder, which need not be there; returns their paths. Rejects with the folder when it cannot be. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const targets = Object.entries(files).map(([file, content]) => ({ target: path.join(folder, file), content }))
  try {
    for (const { content, target } of targets) {
      await makeFolder(path.resolve(path.dirname(target)))
      await writeFile(target, content)
    }
  } catch (error) {
    throw new Error(
      `DIR is ${JSON.stringify(folder)}; expected a folder that can be written to: ${(error as Error).message}`,
      { cause: error },
    )
  }
  return targets.map(({ target }) => target)
}

/** Node's own recursive one never returns where a file system denies that it has a folder, as /proc does. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || path.dirname(folder) === folder) throw error
    await makeFolder(path.dirname(folder))
    await mkdir(folder)
  }
}
