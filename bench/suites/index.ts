import type { Suite } from '../harness/suite.ts'
import { recordStrings } from './record-strings.ts'
import { record } from './record.ts'

/** In the order in which they run. */
export const suites: readonly Suite[] = [record, recordStrings]
