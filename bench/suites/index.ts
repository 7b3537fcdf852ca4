import type { Suite } from '../harness/suite.ts'
import { http } from './http.ts'
import { memory } from './memory.ts'
import { recordStrings } from './record-strings.ts'
import { record } from './record.ts'
import { scrape } from './scrape.ts'
import { startUp } from './start-up.ts'

/** In the order in which they run. */
export const suites: readonly Suite[] = [record, recordStrings, scrape, memory, startUp, http]
