import { diag, DiagLogLevel } from '@opentelemetry/api'
import { afterEach, beforeEach } from 'vitest'

const ignore = (): void => {}

/** Collects what is said through `diag` during each test. */
export function collectWarnings(): string[] {
  const warnings: string[] = []
  beforeEach(() => {
    warnings.length = 0
    const warn = (message: string): void => void warnings.push(message)
    diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.ALL)
  })
  afterEach(() => diag.disable())
  return warnings
}
