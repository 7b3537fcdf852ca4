import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { findAlertmanager } from '../../../test/support/components.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { buildAlertmanager, RECEIVERS } from '../src/alertmanager/build-alertmanager.ts'
import { toYaml } from '../src/pack/to-yaml.ts'
import { ruleGroups } from '../src/rules/build-rules.ts'
import { isAlert } from '../src/rules/rule.ts'

const run = promisify(execFile)
const alertmanager = await findAlertmanager()
const alerts = ruleGroups().flatMap((group) => group.rules.filter(isAlert))

async function configFile(): Promise<AsyncDisposable & { readonly file: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-alertmanager-'))
  const file = path.join(folder, 'alertmanager.yaml')
  await writeFile(file, toYaml(buildAlertmanager({ email: { username: 'mcp' } })))
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

testWith(alertmanager, 'the configuration passes `amtool check-config`', async ({ amtool }) => {
  await using config = await configFile()
  const { stdout } = await run(amtool, ['check-config', config.file])
  expect(stdout).toContain('SUCCESS')
  expect(stdout).toContain('- 3 receivers')
  expect(stdout).toContain('- 5 inhibit rules')
})

testWith(
  alertmanager,
  'each severity goes to its receivers, and what has none by email',
  async ({ amtool }) => {
    await using config = await configFile()
    const routed = async (...labels: string[]): Promise<string[]> => {
      const { stdout } = await run(amtool, ['config', 'routes', 'test', `--config.file=${config.file}`, ...labels])
      return stdout.trim().split(',')
    }
    for (const { alert, severity } of alerts) {
      expect(await routed(`alertname=${alert}`, `severity=${severity}`), alert).toEqual(RECEIVERS[severity])
    }
    expect(await routed('alertname=Other')).toEqual(['email'])
  },
  60_000,
)

test("the guide's receivers are there, by its names and with its fields", () => {
  const { receivers } = buildAlertmanager() as { receivers: Record<string, unknown>[] }
  expect(receivers).toMatchObject([
    { name: 'email', email_configs: [{ to: 'team@example.com', from: 'alerts@example.com' }] },
    { name: 'slack', slack_configs: [{ channel: '#alerts', api_url_file: expect.any(String) }] },
    { name: 'pagerduty', pagerduty_configs: [{ service_key_file: expect.any(String) }] },
  ])
})

test('no secret stands in the configuration: each is in a file', () => {
  const text = toYaml(buildAlertmanager({ email: { username: 'mcp' } }))
  expect(text).not.toMatch(/^\s*-?\s*(?:api_url|service_key|routing_key|auth_password):/m)
  expect(text.match(/_file: \S+/g)).toEqual([
    '_file: /etc/alertmanager/secrets/smtp-password',
    '_file: /etc/alertmanager/secrets/slack-url',
    '_file: /etc/alertmanager/secrets/pagerduty-key',
  ])
})

test('what inhibits is an alert that there is', () => {
  const { inhibit_rules: rules } = buildAlertmanager() as { inhibit_rules: { source_matchers: string[] }[] }
  const names = new Set(alerts.map(({ alert }) => alert))
  const sources = rules.flatMap((rule) => rule.source_matchers.map((matcher) => matcher.replace(/^.*"(.*)"$/, '$1')))
  expect(sources.filter((name) => !names.has(name))).toEqual([])
})
