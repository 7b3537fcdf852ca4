import { createRequire } from 'node:module'

import { reasonOf } from './diagnostics/diag-text.ts'
import { writeStderrLine } from './diagnostics/stderr-line.ts'
import { isForTheApp } from './register-guard.ts'
import type * as StartDirectly from './start-directly.ts'
import { startFile } from './start-file.ts'

// Loaded only now: where nothing is to start, nothing is loaded. A half-installed package must not end the app.
if (isForTheApp(process.env, process.argv[1])) {
  try {
    const require = createRequire(import.meta.url)
    const { startDirectly } = require(startFile(require, process.env)) as typeof StartDirectly
    startDirectly()
  } catch (error) {
    writeStderrLine(`@mcp/otel cannot start: ${reasonOf(error)}; ${remedyFor(error)}; the app runs on without it`)
  }
}

function remedyFor(error: unknown): string {
  const isDenied = (error as { code?: unknown } | null)?.code === 'ERR_ACCESS_DENIED'
  return isDenied ? 'let it read the folder that its packages are in' : 'install it anew'
}
