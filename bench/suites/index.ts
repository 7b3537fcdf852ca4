import type { Suite } from '../harness/suite.ts'
import { growth } from './growth.ts'
import { http } from './http.ts'
import { idle } from './idle.ts'
import { logLine } from './log-line.ts'
import { memory } from './memory.ts'
import { protocol } from './protocol.ts'
import { recordStrings } from './record-strings.ts'
import { record } from './record.ts'
import { scrape } from './scrape.ts'
import { startUp } from './start-up.ts'

/** In the order in which they run. */
export const suites: readonly Suite[] = [
  record,
  recordStrings,
  scrape,
  memory,
  startUp,
  http,
  protocol,
  logLine,
  idle,
  growth,
]
