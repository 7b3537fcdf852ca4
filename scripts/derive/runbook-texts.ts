import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const HEAD = /(<!-- derive:alert -->).*?(<!-- \/derive -->)/s

/** The whole of packages/ops/generated/runbooks.json: what people have written in each runbook, by its alert. */
export function runbookTexts(root: string): string {
  const folder = path.join(root, 'docs/runbooks')
  const alerts = readdirSync(folder)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .map((file) => file.replace('.md', ''))
    .toSorted()
  const texts = alerts.map((alert) => [
    alert,
    readFileSync(path.join(folder, `${alert}.md`), 'utf8').replace(HEAD, '$1$2'),
  ])
  return `${JSON.stringify(Object.fromEntries(texts), undefined, 2)}\n`
}
