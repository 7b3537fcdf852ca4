import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { contestantsFolder } from './run-case.ts'

/**
 * Installs what the contestants' own lock says, if it is not there yet; returns what went wrong, `undefined` for nothing.
 * They are apart from the workspaces, whose pins would change what they run with, and nobody pays for them but who
 * measures.
 */
export function installContestants(progress: (text: string) => void): string | undefined {
  const stampFile = new URL('node_modules/.installed', contestantsFolder)
  const lock = readFileSync(new URL('package-lock.json', contestantsFolder))
  const stamp = createHash('sha256').update(lock).digest('hex')
  if (readIfThere(stampFile) === stamp) return undefined
  progress('installing the contestants (some minutes the first time) …')
  const { status, error, stderr } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: fileURLToPath(contestantsFolder),
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status !== 0) return `npm ci ended with ${status ?? error?.message}: ${(stderr ?? '').trim().slice(-500)}`
  writeFileSync(stampFile, stamp)
  return undefined
}

function readIfThere(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
