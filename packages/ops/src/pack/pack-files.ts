import type { OpsOptions } from '../ops-options.ts'
import { buildRules } from '../rules/build-rules.ts'
import { toYaml } from './to-yaml.ts'

/** Every file of the pack by its path within the folder. */
export function packFiles(options: OpsOptions = {}): Readonly<Record<string, string>> {
  return {
    'prometheus/mcp.rules.yaml': toYaml(buildRules(options), HEAD),
  }
}

const HEAD = 'Written by `mcp-otel ops export`; write it anew with other options rather than changing it.'
