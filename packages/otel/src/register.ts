import { createRequire } from 'node:module'

import { isForTheApp } from './register-guard.ts'
import type * as StartDirectly from './start-directly.ts'

// Loaded only now: where nothing is to start, nothing is loaded.
if (isForTheApp(process.env, process.argv[1])) {
  const require = createRequire(import.meta.url)
  const { startDirectly } = require('./start-directly.cjs') as typeof StartDirectly
  startDirectly()
}
