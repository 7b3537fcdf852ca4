import { parseArgs } from 'node:util'

import { packFiles } from '../pack/pack-files.ts'
import type { OpsIo } from './ops-io.ts'
import { packFlags, packOptions, thresholdHelp } from './pack-flags.ts'
import { parseAddress, parseHostPort, parseLink, parseMail, parseUid } from './parse-values.ts'
import { writeFiles } from './write-files.ts'

const usage = (): string => `Usage: mcp-otel ops export DIR [options]

Writes everything into DIR, over what an earlier export wrote there.

  --selector MATCHERS        only these series, as PromQL: job="mcp",env="prod"
  --threshold NAME=VALUE     another limit, see below; may be repeated
  --datasource UID           Grafana's data source (else the reader chooses)
  --runbooks URL             where you keep the runbooks (default: the dashboard that shows them)
  --grafana URL              address of Grafana, for links from alerts to dashboards and runbooks
  --logs URL                 where the dashboards' link to the logs leads (default /explore)
  --traces URL               where a trace is, but for its id at the end; exemplars then lead there
  --email-to ADDRESS         (default team@example.com)
  --email-from ADDRESS       (default alerts@example.com)
  --smarthost HOST:PORT      mail server (default smtp.example.com:587)
  --smtp-user NAME           its password is read from alertmanager/secrets/smtp-password
  --slack-channel NAME       (default #alerts); its address is read from alertmanager/secrets/slack-url
  --help

PagerDuty's key is read from alertmanager/secrets/pagerduty-key.

Thresholds:
${thresholdHelp()}
`

/** Runs `mcp-otel ops export` and returns the exit code. */
export async function runExportCommand(argv: readonly string[], io: OpsIo): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...packFlags,
      datasource: { type: 'string' },
      runbooks: { type: 'string' },
      grafana: { type: 'string' },
      logs: { type: 'string' },
      traces: { type: 'string' },
      'email-to': { type: 'string' },
      'email-from': { type: 'string' },
      smarthost: { type: 'string' },
      'smtp-user': { type: 'string' },
      'slack-channel': { type: 'string' },
    },
  })
  if (values.help) {
    io.stdout.write(usage())
    return 0
  }
  const [folder, ...more] = positionals
  if (folder === undefined || more.length > 0) {
    throw new Error(`export is given ${positionals.length} folders; expected one to write into`)
  }
  const files = packFiles({
    ...packOptions(values),
    ...given({
      datasource: parseUid('--datasource', values.datasource),
      runbooks: parseAddress('--runbooks', values.runbooks),
      grafana: parseAddress('--grafana', values.grafana),
      logs: parseLink('--logs', values.logs),
      traces: parseAddress('--traces', values.traces),
    }),
    alertmanager: {
      email: given({
        to: parseMail('--email-to', values['email-to']),
        from: parseMail('--email-from', values['email-from']),
        smarthost: parseHostPort('--smarthost', values.smarthost),
        username: values['smtp-user'],
      }),
      slack: given({ channel: values['slack-channel'] }),
    },
  })
  // Whoever reads only the first lines gets all files nevertheless.
  const written = await writeFiles(folder, files)
  io.stdout.write(`${written.join('\n')}\n`)
  return 0
}

/** The options that were given. */
function given<T extends Record<string, string | undefined>>(options: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string
  }
}
