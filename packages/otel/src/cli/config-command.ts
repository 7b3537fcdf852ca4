import { parseArgs } from 'node:util'

import { configSchema, listSettings, readConfig, settings, type Config, type NamedSetting } from '@mcp/otel-core'

import { loadConfigFile } from '../config-file/load-config-file.ts'
import { withoutReplaced } from '../sdk/declared-sdk.ts'
import type { CommandIo } from './command.ts'

const USAGE = `Usage: mcp-otel config [options]

Shows the settings as this environment and the configuration file have them: path of the option, value, and what set it.
Secrets are redacted, and everything that is wrong is named on stderr. The file is mcp.otel.json, .ts, .mjs, .cjs or .js
beside the package.json of this directory, or what MCP_OTEL_CONFIG_FILE names.

  --json    print one JSON object: config, origins, problems, file
  --schema  print the JSON Schema of the settings, for a "$schema" of one's own
  --help

Exit code: 0; 1 when something is wrong.
`

/** Runs `mcp-otel config` and returns the exit code. */
export async function runConfigCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'boolean', default: false },
      schema: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    io.stdout.write(USAGE)
    return 0
  }
  if (values.schema) {
    io.stdout.write(`${JSON.stringify(configSchema(), undefined, 2)}\n`)
    return 0
  }
  const file = loadConfigFile({ env: io.env, cwd: process.cwd(), entry: undefined })
  const { env, problems: ofVariables } = withoutReplaced(io.env)
  const { config, origins, problems: mistakes } = readConfig({ env, file: file.settings })
  const problems = [...file.problems, ...ofVariables, ...mistakes]
  const rows = listSettings(settings).map((named) => ({
    path: named.path,
    value: shown(named, config),
    origin: origins[named.path] ?? 'default',
  }))
  if (values.json) {
    const shownConfig = Object.fromEntries(rows.map(({ path, value }) => [path, value]))
    io.stdout.write(
      `${JSON.stringify({ config: shownConfig, origins, problems, file: file.path ?? null }, undefined, 2)}\n`,
    )
  } else {
    const widths = [
      Math.max(...rows.map(({ path }) => path.length)),
      Math.max(...rows.map(({ value }) => value.length)),
    ]
    for (const { path, value, origin } of rows) {
      io.stdout.write(`${path.padEnd(widths[0]!)}  ${value.padEnd(Math.min(widths[1]!, 40))}  ${origin}\n`)
    }
    for (const problem of problems) io.stderr.write(`${problem}\n`)
  }
  return problems.length === 0 ? 0 : 1
}

function shown({ path, setting }: NamedSetting, config: Config): string {
  const value = path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], config)
  if (value === undefined || value === null) return '–'
  return setting.kind.show(value) || 'none'
}
