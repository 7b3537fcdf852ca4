import { caseInput } from '../harness/child.ts'
import type { CaseResult } from '../harness/child.ts'
import { logWriters } from '../log-line/log-writers.ts'

export interface LogLineInput {
  readonly writer: string
  readonly folder: string
  readonly lines: number
}

const WARM_UP_LINES = 5000

const { writer, folder, lines } = caseInput<LogLineInput>()
const write = logWriters[writer]?.create(folder)

function line(key: string, value: number): void {
  write?.({ type: 'plugin', plugin: 'checksum', command: 'sha256', status: 'success', duration_ms: 12.5, [key]: value })
}

for (let index = 0; index < WARM_UP_LINES; index++) line('warm', index)
// The channel to the parent must not keep what has ended by itself.
process.channel?.unref()
setTimeout(() => {
  const begun = process.cpuUsage()
  for (let seq = 0; seq < lines; seq++) line('seq', seq)
  // All threads, until the process has ended by itself and all is written.
  process.once('exit', () => {
    const { user, system } = process.cpuUsage(begun)
    process.send?.({ figures: { cpu: (user + system) / lines }, totals: '' } satisfies CaseResult)
  })
}, 50)
