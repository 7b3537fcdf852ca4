import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { onTestFinished } from 'vitest'

import type { Component } from '../../../../test/support/components.ts'

/** The files of cgroups as a process is to find them: its own line in `/proc/self/cgroup`, and files below `/sys/fs/cgroup`. */
export interface CgroupFiles {
  readonly own: string
  readonly files: Readonly<Record<string, string>>
}

/** Starts a program that finds these files in the places of the kernel's own; returns what to put before it. */
export type WithinCgroup = (cgroup: CgroupFiles) => readonly [program: string, ...args: string[]]

const UNSHARE = ['unshare', '--map-root-user', '--mount'] as const

/** `$0` is the folder with the files, `$@` the program; the shell's own process becomes the program. */
const SCRIPT = `
  mount -t tmpfs none /sys/fs/cgroup && cp -r "$0/fs/." /sys/fs/cgroup &&
  mount --bind "$0/own" "/proc/$$/cgroup" && exec "$@"`

export function cgroupComponent(): Component<WithinCgroup> {
  try {
    execFileSync(UNSHARE[0], [...UNSHARE.slice(1), 'mount', '-t', 'tmpfs', 'none', '/sys/fs/cgroup'], { stdio: 'pipe' })
    return { name: 'a mount namespace', found: within }
  } catch (error) {
    return { name: 'a mount namespace', reason: (error as Error).message }
  }
}

function within({ own, files }: CgroupFiles): readonly [string, ...string[]] {
  const folder = mkdtempSync(join(tmpdir(), 'within-cgroup-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'own'), own)
  for (const [path, text] of Object.entries({ '.keep': '', ...files })) {
    const file = join(folder, 'fs', path)
    execFileSync('mkdir', ['-p', join(file, '..')])
    writeFileSync(file, `${text}\n`)
  }
  return [UNSHARE[0], ...UNSHARE.slice(1), 'sh', '-c', SCRIPT, folder]
}
