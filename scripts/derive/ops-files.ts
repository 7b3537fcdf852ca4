import { packFiles } from '@mcp/otel-ops'

/** The pack as it is without options, by its path in the repository. */
export function opsFiles(): Record<string, () => string> {
  return Object.fromEntries(
    Object.entries(packFiles()).map(([file, content]) => [`packages/ops/generated/${file}`, () => content]),
  )
}
