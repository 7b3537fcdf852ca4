import { statfs } from 'node:fs/promises'

import type { CheckFn } from '../check-options.ts'
import { assertLimits, percent, worseOf } from '../thresholds.ts'
import { outside } from './outside.ts'

export interface DiskSpaceOptions {
  /** A path on the file system in question. Default the working directory. */
  readonly path?: string
  /** Share of the space that is in use, 0 to 1. Default 0.9. */
  readonly degradedRatio?: number
  /** Default 0.97. */
  readonly unhealthyRatio?: number
  /** Bytes left below which the disk is unhealthy, however large it is. Default none. */
  readonly minFreeBytes?: number
}

/** Checks the space that is left to unprivileged processes on a file system. */
export function diskSpaceCheck(options: DiskSpaceOptions = {}): CheckFn {
  const { path = '.', degradedRatio = 0.9, unhealthyRatio = 0.97, minFreeBytes } = options
  const limits = { degradedRatio: 'share', unhealthyRatio: 'share', minFreeBytes: 'amount' } as const
  assertLimits('diskSpaceCheck', options, limits, ['path'])
  return outside(async () => {
    const { bsize, blocks, bavail, bfree } = await statfs(path)
    const free = bavail * bsize
    const used = blocks - bfree
    // As df counts it: the blocks that are kept for root belong to neither side.
    const observed = used + bavail > 0 ? used / (used + bavail) : 0
    const details = { path, free_bytes: free, total_bytes: blocks * bsize }
    if (minFreeBytes !== undefined && free < minFreeBytes) {
      const message = `${free} bytes are left on ${path} (limit ${minFreeBytes})`
      return { status: 'unhealthy', message, observed: free, unit: 'By', details }
    }
    const say = (limit: number): string => `${percent(observed)} of ${path} is in use (limit ${percent(limit)})`
    return { ...worseOf({ observed, degraded: degradedRatio, unhealthy: unhealthyRatio, unit: '1', say }), details }
  })
}
