import { readFileSync } from 'node:fs'
import { dirname } from 'node:path/posix'

const ROOT = '/sys/fs/cgroup'

/**
 * Returns the least limit that the cgroups above this process' own have, bytes; Infinity where there is none. Node reads the
 * own one alone, but it is the kernel's least that kills: of a systemd slice, or of the container around a nested cgroup.
 */
export function outerCgroupLimit(): number {
  // Version 2 alone, whose single line begins so; version 1 has no files of these names.
  const own = /^0::(\/.*)$/m.exec(read('/proc/self/cgroup'))?.[1]
  if (own === undefined || own.includes('/..')) return Infinity
  let least = Infinity
  for (let path = own; path !== '/';) {
    path = dirname(path)
    const folder = path === '/' ? ROOT : `${ROOT}${path}`
    for (const file of ['memory.max', 'memory.high']) least = Math.min(least, limitOf(read(`${folder}/${file}`)))
  }
  return least
}

/** `max` is no number, and what does not exist is empty. */
function limitOf(text: string): number {
  const limit = Number.parseInt(text, 10)
  return limit > 0 ? limit : Infinity
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
