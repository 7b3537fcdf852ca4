import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { LogLineInput } from '../cases/log-line.ts'
import { alternate } from '../harness/alternate.ts'
import type { CaseResult } from '../harness/child.ts'
import { runCase } from '../harness/run-case.ts'
import type { Suite } from '../harness/suite.ts'
import { logWriters } from '../log-line/log-writers.ts'

export const logLine: Suite = {
  name: 'log-line',
  about:
    'one line of a burst to a log file, until the process has ended by itself, and how many lines are not in the file',
  figures: {
    cpu: { label: 'CPU per line', unit: 'µs' },
    lost: { label: 'lost', unit: 'lines', plain: true },
  },
  run: (options) => {
    const { quick } = options
    const lines = quick ? 10_000 : 100_000
    const cases = Object.entries(logWriters).map(([writer, { group, kind }]) => ({
      group,
      kind,
      contestant: writer,
      measure: () => burst(writer, lines),
    }))
    return alternate(cases, quick ? 1 : 4, options)
  },
}

async function burst(writer: string, lines: number): Promise<CaseResult> {
  const folder = mkdtempSync(join(tmpdir(), 'log-line-'))
  try {
    const input: LogLineInput = { writer, folder, lines }
    const { figures } = await runCase({ script: 'cases/log-line.ts', input })
    // How many arrived is a figure here: some peers lose lines.
    return { figures: { ...figures, lost: lines - arrived(folder) }, totals: '' }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** How many of the lines that were to be measured are in the files. */
function arrived(folder: string): number {
  const numbers = new Set<number>()
  for (const file of readdirSync(folder)) {
    for (const [, seq] of readFileSync(join(folder, file), 'utf8').matchAll(/"seq":(\d+)/g)) numbers.add(Number(seq))
  }
  return numbers.size
}
