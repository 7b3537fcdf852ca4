import { onTestFinished } from 'vitest'

import { createHealth } from '../../src/create-health.ts'
import type { Health } from '../../src/create-health.ts'
import type { HealthOptions } from '../../src/health-options.ts'

/** Creates a health without the built-in checks, and stops it when the test ends. */
export function createTestHealth(options: HealthOptions = {}): Health {
  const health = createHealth({ version: '1.2.3', memory: false, eventLoop: false, ...options })
  onTestFinished(() => health.stop())
  return health
}
