import { buildAlertmanager, type AlertmanagerOptions } from '../alertmanager/build-alertmanager.ts'
import { buildDashboards } from '../dashboards/build-dashboards.ts'
import type { OpsOptions } from '../ops-options.ts'
import { alertingRules, buildRules } from '../rules/build-rules.ts'
import { runbookFile } from '../runbooks/runbook-links.ts'
import { runbookText } from '../runbooks/runbook-text.ts'
import { kubernetesFiles } from './kubernetes-files.ts'
import { stackFiles, type StackOptions } from './stack-files.ts'
import { toYaml } from './to-yaml.ts'

export interface PackOptions extends OpsOptions, StackOptions {
  readonly alertmanager?: AlertmanagerOptions
}

const HEAD = 'Written by `mcp-otel ops export`; write it anew with other options rather than changing it.'

/** Every file of the pack by its path within the folder. */
export function packFiles(options: PackOptions = {}): Readonly<Record<string, string>> {
  const rules = buildRules(options)
  const dashboards = Object.fromEntries(
    Object.entries(buildDashboards(options)).map(([uid, dashboard]) => [
      `${uid}.json`,
      `${JSON.stringify(dashboard, undefined, 2)}\n`,
    ]),
  )
  const yaml = {
    'prometheus/mcp.rules.yaml': rules,
    'alertmanager/alertmanager.yaml': buildAlertmanager(options.alertmanager),
    ...kubernetesFiles(rules, dashboards),
    ...stackFiles(options),
  }
  return {
    // The folder is there, and what is put into it stays out of a repository.
    'alertmanager/secrets/.gitignore': '*\n!.gitignore\n',
    ...Object.fromEntries(Object.entries(yaml).map(([file, content]) => [file, toYaml(content, HEAD)])),
    ...Object.fromEntries(Object.entries(dashboards).map(([file, json]) => [`grafana/dashboards/${file}`, json])),
    ...Object.fromEntries(alertingRules(options).map((rule) => [runbookFile(rule.alert), runbookText(rule)])),
  }
}
