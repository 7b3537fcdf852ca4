import { readFileSync } from 'node:fs'

import type { ResourceDetector } from '@opentelemetry/resources'

/** Detects an id that no other process has, without loading all of `node:crypto` where the kernel gives one. */
export const instanceDetector: ResourceDetector = {
  detect: () => ({ attributes: { 'service.instance.id': randomId() } }),
}

function randomId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/uuid', 'utf8').trim()
  } catch {
    return process.getBuiltinModule('node:crypto').randomUUID()
  }
}
