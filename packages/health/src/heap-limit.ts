import { totalmem } from 'node:os'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import type * as WorkerThreads from 'node:worker_threads'

import { isMainThread } from '@mcp/otel-core/main-thread'

const MEGABYTE = 2 ** 20
/** V8's default young generation: three semi-spaces, each a 64th of the old generation and at most 64 MB. */
const MAX_YOUNG = 192 * MEGABYTE
const YOUNG_SHARE = 3 / 67

/** What V8 keeps outside the old generation: these never fill it. */
const NOT_OLD = /^(?:new_|read_only_|shared_)/

/** Returns the bytes in V8's old generation: what lives longer than a moment. Out of memory is when it reaches its limit. */
export function oldSpaceUsed(): number {
  let used = 0
  for (const { space_name, space_used_size } of getHeapSpaceStatistics()) {
    if (!NOT_OLD.test(space_name)) used += space_used_size
  }
  return used
}

/**
 * Returns the limit of V8's old generation, bytes. V8 tells only the sum with the young generation, which beside a small
 * `--max-old-space-size` is the greater part: a heap about to die would look a third full.
 */
export function oldSpaceLimit(): number {
  const ofThread = isMainThread() ? undefined : threads().resourceLimits.maxOldGenerationSizeMb
  if (ofThread !== undefined && ofThread > 0) return ofThread * MEGABYTE
  const old = flag('old[-_]space[-_]size')
  if (old !== undefined && old > 0) return old * MEGABYTE
  const share = flag('old[-_]space[-_]size[-_]percentage')
  if (share !== undefined && share > 0) return Math.floor((share / 100) * machineMemory())
  const whole = getHeapStatistics().heap_size_limit
  const semi = flag('semi[-_]space[-_]size')
  const young = semi === undefined ? Math.min(MAX_YOUNG, whole * YOUNG_SHARE) : 3 * semi * MEGABYTE
  return Math.max(1, Math.round(whole - young))
}

/** Not imported: most processes have no threads. */
function threads(): typeof WorkerThreads {
  return process.getBuiltinModule('node:worker_threads')
}

/** Returns the last value of a `--max-…` flag, those of the command line after those of the environment. */
function flag(pattern: string): number | undefined {
  const given = [process.env['NODE_OPTIONS'] ?? '', ...process.execArgv].join(' ')
  const values = Array.from(given.matchAll(new RegExp(`--max[-_]${pattern}(?:=|\\s+)"?([\\d.]+)`, 'g')), ([, value]) =>
    Number(value),
  )
  return values.at(-1)
}

function machineMemory(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem()
}
