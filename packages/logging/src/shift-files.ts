import { renameSync, statSync } from 'node:fs'

/**
 * Makes room for a new file as Python's `RotatingFileHandler` does: `path.4` → `path.5`, …, `path` → `path.1`. What is
 * beyond `backupCount` is overwritten; only the run of files that is there moves.
 */
export function shiftFiles(path: string, backupCount: number): void {
  let last = 1
  while (last < backupCount && exists(`${path}.${last}`)) last++
  for (let index = last; index > 1; index--) renameSync(`${path}.${index - 1}`, `${path}.${index}`)
  renameSync(path, `${path}.1`)
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
