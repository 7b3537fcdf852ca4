// Writes every derived file; with --check writes nothing and fails when one differs from what it derives from.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'

import { configSchema } from '@mcp/otel-core'

import { configurationPage } from './configuration-page.ts'
import { guideTable, metricsPage } from './metrics-table.ts'
import { opsMetrics } from './ops-metrics.ts'
import { runbookTexts } from './runbook-texts.ts'

const root = path.dirname(path.dirname(import.meta.dirname))
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })

const drifted: string[] = []
// The pack is made from the metrics and the runbooks: they are up to date before it is loaded.
writeDerived({
  'packages/ops/generated/metrics.json': opsMetrics,
  'packages/ops/generated/runbooks.json': () => runbookTexts(root),
})
const { opsFiles } = await import('./ops-files.ts')
const { runbookIndex, runbooks } = await import('./runbooks.ts')
writeDerived({
  'docs/METRICS.md': metricsPage,
  'docs/CONFIGURATION.md': configurationPage,
  'packages/otel/schema.json': () => `${JSON.stringify(configSchema(), undefined, 2)}\n`,
  'README.md': () => between('README.md', 'metrics', guideTable()),
  ...opsFiles(),
  'docs/runbooks/README.md': runbookIndex,
  ...runbooks(),
})

if (drifted.length === 0) console.error('derived files are up to date')
else if (values.check) {
  console.error(`out of date: ${drifted.join(', ')}; run \`npm run derive\` and commit`)
  process.exitCode = 1
} else console.error(`derived anew: ${drifted.join(', ')}`)

function writeDerived(derived: Record<string, () => string>): void {
  for (const [file, derive] of Object.entries(derived)) {
    const content = derive()
    if (read(file) === content) continue
    drifted.push(file)
    if (!values.check) write(file, content)
  }
}

function write(file: string, content: string): void {
  const full = path.join(root, file)
  mkdirSync(path.dirname(full), { recursive: true })
  writeFileSync(full, content)
}

function read(file: string): string {
  const full = path.join(root, file)
  return existsSync(full) ? readFileSync(full, 'utf8') : ''
}

/** The file with other content between `<!-- derive:NAME -->` and `<!-- /derive -->`. */
function between(file: string, name: string, content: string): string {
  const text = read(file)
  const open = `<!-- derive:${name} -->`
  const close = '<!-- /derive -->'
  const start = text.indexOf(open)
  const end = text.indexOf(close, start)
  if (start < 0 || end < 0) throw new Error(`${file} has no ${open} … ${close} to write into`)
  return `${text.slice(0, start + open.length)}\n\n${content}\n${text.slice(end)}`
}
