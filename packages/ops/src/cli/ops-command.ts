import { runCheckCommand } from './check-command.ts'
import { runExportCommand } from './export-command.ts'
import type { OpsIo } from './ops-io.ts'

const USAGE = `Usage: mcp-otel ops <export|check> [options]

  export DIR                write alert rules, Alertmanager configuration, dashboards, manifests for Kubernetes and a
                            compose.yaml into a folder
  check --prometheus URL    ask a Prometheus which rule or panel has no data, and why

\`mcp-otel ops export --help\` and \`mcp-otel ops check --help\` tell more.
`

/** Runs \`mcp-otel ops\` and returns the exit code; rejects with what is wrong with the arguments. */
export async function runOpsCommand(argv: readonly string[], io: OpsIo): Promise<number> {
  const [name, ...rest] = argv
  if (name === 'export') return runExportCommand(rest, io)
  if (name === 'check') return runCheckCommand(rest, io)
  if (name === undefined || name === '--help' || name === '-h') {
    io.stdout.write(USAGE)
    return 0
  }
  throw new Error(`there is no command "${name}"; expected export or check`)
}
