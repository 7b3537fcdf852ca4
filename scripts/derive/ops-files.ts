import { packFiles, packProblems } from '@mcp/otel-ops'

/** The pack as it is without options but for its runbooks, by its path in the repository; throws when it names a metric that there is not. */
export function opsFiles(): Record<string, () => string> {
  const problems = packProblems()
  if (problems.length > 0)
    throw new Error(`rules and dashboards do not fit the catalogues:\n  ${problems.join('\n  ')}`)
  const files = Object.entries(packFiles()).filter(([file]) => !file.startsWith('docs/'))
  return Object.fromEntries(files.map(([file, content]) => [`packages/ops/generated/${file}`, () => content]))
}
