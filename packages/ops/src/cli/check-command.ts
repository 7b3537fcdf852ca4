import { parseArgs } from 'node:util'

import { checkPack, isFault, type Finding } from '../check/check-pack.ts'
import { createPrometheusClient } from '../check/prometheus-client.ts'
import type { OpsIo } from './ops-io.ts'
import { packFlags, packOptions } from './pack-flags.ts'

const USAGE = `Usage: mcp-otel ops check --prometheus URL [options]

Asks a Prometheus whether every rule and every panel has data, and says why not: a metric is missing, a label does not
match, or there was no traffic of the kind yet.

  --prometheus URL        http://localhost:9090; may have a name and password
  --selector MATCHERS     as it was exported: job="mcp"
  --threshold NAME=VALUE  likewise, see \`mcp-otel ops export --help\`
  --json                  print one JSON object
  --help

Exit code: 0; 1 when a metric is missing or a label does not match. No traffic is no fault.
`

/** Runs `mcp-otel ops check` and returns the exit code. */
export async function runCheckCommand(argv: readonly string[], io: OpsIo): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { ...packFlags, prometheus: { type: 'string' }, json: { type: 'boolean', default: false } },
  })
  if (values.help) {
    io.stdout.write(USAGE)
    return 0
  }
  if (values.prometheus === undefined) throw new Error('--prometheus is missing; expected the address of a Prometheus')
  const findings = await checkPack(createPrometheusClient(values.prometheus), packOptions(values))
  io.stdout.write(values.json ? `${JSON.stringify({ findings }, undefined, 2)}\n` : report(findings))
  return findings.some(({ problems }) => problems.some(isFault)) ? 1 : 0
}

function report(findings: readonly Finding[]): string {
  const lines = findings
    .filter(({ problems }) => problems.length > 0)
    .flatMap(({ kind, name, problems }) => [
      `${problems.some(isFault) ? '✖' : '·'} ${kind} ${name}`,
      ...problems.map(({ detail, reason }) => `    ${LABELS[reason]}: ${detail}`),
    ])
  const faulty = findings.filter(({ problems }) => problems.some(isFault)).length
  const idle = findings.filter(({ problems }) => problems.length > 0).length - faulty
  const summary = `${findings.length - faulty - idle} have data, ${idle} have had no traffic, ${faulty} cannot work`
  return [...lines, `${findings.length} rules and queries: ${summary}`, ''].join('\n')
}

const LABELS = { missing: 'metric missing', mismatch: 'label mismatch', idle: 'no traffic' } as const
