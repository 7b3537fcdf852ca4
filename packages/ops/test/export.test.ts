import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { findAlertmanager, findPrometheus } from '../../../test/support/components.ts'
import { testWithBoth } from '../../../test/support/test-with.ts'
import { packFiles, runOpsCommand, thresholds } from '../src/index.ts'
import { parseExpression } from '../src/promql/parse-expression.ts'
import { withSelector } from '../src/promql/with-selector.ts'
import { ruleGroups } from '../src/rules/build-rules.ts'

const run = promisify(execFile)
const [prometheus, alertmanager] = [await findPrometheus(), await findAlertmanager()]

interface Exported extends AsyncDisposable {
  readonly folder: string
  read(file: string): Promise<string>
}

async function exported(...args: string[]): Promise<Exported> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-ops-'))
  let written = ''
  const io = { stdout: { write: (text: string) => (written += text) }, stderr: { write: () => true } }
  expect(await runOpsCommand(['export', folder, ...args], io)).toBe(0)
  const there = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = there.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  expect(written.trim().split('\n').toSorted()).toEqual(files.toSorted())
  return {
    folder,
    read: (file) => readFile(path.join(folder, file), 'utf8'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

const refused = async (...args: string[]): Promise<string> => {
  const io = { stdout: { write: () => true }, stderr: { write: () => true } }
  return runOpsCommand(args, io).then(
    () => 'accepted',
    (error: Error) => error.message,
  )
}

/** Settings of the provisioned data source. */
const jsonData = async (...args: string[]): Promise<unknown> => {
  await using pack = await exported(...args)
  const file = parse(await pack.read('grafana/provisioning/datasources/prometheus.yaml')) as {
    datasources: { jsonData: unknown }[]
  }
  return file.datasources[0]?.jsonData
}

/** All rules with these thresholds, as one text. */
const text = (given: object): string => JSON.stringify(ruleGroups({ thresholds: given }))

describe('ops export', () => {
  testWithBoth(
    prometheus,
    alertmanager,
    'writes what Prometheus and Alertmanager accept as it stands',
    async ({ promtool }, { amtool }) => {
      await using pack = await exported('--smtp-user', 'mcp')
      const checked = await run(promtool, ['check', 'config', path.join(pack.folder, 'prometheus/prometheus.yaml')])
      expect(checked.stdout).toMatch(/SUCCESS: \d+ rules found/)
      // The secrets are where the containers have them, and only the files' form is checked.
      await run(amtool, ['check-config', path.join(pack.folder, 'alertmanager/alertmanager.yaml')])
    },
  )

  test('writes the rules for the Prometheus Operator, a ServiceMonitor, and a ConfigMap for each dashboard', async () => {
    await using pack = await exported()
    const rules = parse(await pack.read('kubernetes/prometheus-rule.yaml')) as { kind: string; spec: unknown }
    expect(rules.kind).toBe('PrometheusRule')
    expect(rules.spec).toEqual(parse(await pack.read('prometheus/mcp.rules.yaml')))
    expect(parse(await pack.read('kubernetes/service-monitor.yaml'))).toMatchObject({ kind: 'ServiceMonitor' })
    for (const file of await readdir(path.join(pack.folder, 'grafana/dashboards'))) {
      const name = file.replace('.json', '')
      const map = parse(await pack.read(`kubernetes/dashboard-${name}.yaml`)) as { data: Record<string, string> }
      expect(map).toMatchObject({ kind: 'ConfigMap', metadata: { labels: { grafana_dashboard: '1' } } })
      expect(map.data[file]).toBe(await pack.read(`grafana/dashboards/${file}`))
    }
  })

  test('writes a compose.yaml whose services find every file that they mount', async () => {
    await using pack = await exported()
    const { services } = parse(await pack.read('compose.yaml')) as {
      services: Record<string, { volumes?: string[]; image: string }>
    }
    expect(Object.keys(services)).toEqual(['app', 'collector', 'prometheus', 'alertmanager', 'grafana'])
    const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.filter((volume) => volume.startsWith('./')).map((volume) => volume.split(':')[0]!),
    )
    const there = await readdir(pack.folder, { recursive: true })
    expect(mounted.filter((file) => !there.includes(file.slice(2)))).toEqual([])
  })

  test('puts a selector into every expression, and other limits into rules and dashboards', async () => {
    await using pack = await exported('--selector', 'job="x", env=~"a|b"', '--threshold', 'queueSize=7')
    const { groups } = parse(await pack.read('prometheus/mcp.rules.yaml')) as {
      groups: { rules: { alert?: string; expr: string }[] }[]
    }
    const all = groups.flatMap(({ rules }) => rules)
    for (const { expr } of all) {
      for (const { matchers, name } of parseExpression(expr).selectors) {
        expect(matchers.some(({ label, value }) => label === 'job' && value === 'x')).toBe(!name.includes(':'))
      }
    }
    expect(all.find(({ alert }) => alert === 'QueueBacklog')?.expr).toBe('mcp_queue_size{job="x", env=~"a|b"} > 7')
    const overview = await pack.read('grafana/dashboards/mcp-overview.json')
    expect(overview).toContain('"expr": "mcp_queue_size{job=\\"x\\", env=~\\"a|b\\"}"')
  })

  test('takes a selector whose quotes the shell has taken away', async () => {
    await using pack = await exported('--selector', 'job=x,env=~a|b, zone!="c"')
    expect(await pack.read('prometheus/mcp.rules.yaml')).toContain(
      'mcp_queue_size{job="x",env=~"a|b", zone!="c"} > 100',
    )
  })

  test('leads from exemplars to their traces, where somebody says where these are', async () => {
    expect(await jsonData()).toEqual({ timeInterval: '15s' })
    expect(await jsonData('--traces', 'https://jaeger.example/trace/')).toEqual({
      timeInterval: '15s',
      exemplarTraceIdDestinations: [
        { name: 'trace_id', url: 'https://jaeger.example/trace/$${__value.raw}', urlDisplayLabel: 'Trace' },
      ],
    })
  })

  test('takes the addresses of runbooks and Grafana into the alerts', async () => {
    await using pack = await exported('--runbooks', 'https://wiki/r/', '--grafana', 'https://grafana.example')
    const rules = await pack.read('prometheus/mcp.rules.yaml')
    expect(rules).toContain('runbook_url: https://wiki/r/HighErrorRate.md')
    expect(rules).toContain('dashboard_url: https://grafana.example/d/mcp-overview?var-job={{ $labels.job }}')
  })

  test('brings the runbooks along, which alerts name as long as nobody says where else they are', async () => {
    await using pack = await exported('--threshold', 'queueSize=7')
    const { groups } = parse(await pack.read('prometheus/mcp.rules.yaml')) as {
      groups: { rules: { alert?: string; annotations?: { runbook_url: string } }[] }[]
    }
    const alerts = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined)
    for (const { alert, annotations } of alerts) {
      expect(annotations?.runbook_url).toBe(`docs/runbooks/${alert}.md`)
      expect(await pack.read(annotations?.runbook_url ?? '')).toMatch(new RegExp(`^# ${alert}\n`))
    }
    expect(await pack.read('docs/runbooks/QueueBacklog.md')).toContain('\nmcp_queue_size > 7\n')
  })

  test('leads from alerts to the runbooks in Grafana, where its address is all that is known', async () => {
    await using pack = await exported('--grafana', 'https://grafana.example/')
    const rules = await pack.read('prometheus/mcp.rules.yaml')
    const [, panel] =
      /runbook_url: https:\/\/grafana\.example\/d\/mcp-runbooks\?viewPanel=panel-(\d+)/.exec(rules) ?? []
    const { panels } = JSON.parse(await pack.read('grafana/dashboards/mcp-runbooks.json')) as {
      panels: { id: number; title: string }[]
    }
    expect(panels.find(({ id }) => id === Number(panel))?.title).toBe('HighErrorRate')
  })

  test.each([
    [['export'], 'export is given 0 folders; expected one to write into'],
    [
      ['export', '/nowhere', '--threshold', 'queueSize=many'],
      '--threshold queueSize is "many"; expected a number above 0 (jobs)',
    ],
    [
      ['export', '/nowhere', '--threshold', 'size=3'],
      `--threshold is "size=3"; expected name=value with a name of ${Object.keys(thresholds).join(', ')}`,
    ],
    [
      ['export', '/nowhere', '--threshold', 'latencyObjective=1.3'],
      '--threshold latencyObjective is 1.3; expected one of 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10',
    ],
    [
      ['export', '/nowhere', '--selector', 'job'],
      '--selector is "job"; expected matchers of labels, such as job="mcp",env="prod"',
    ],
    [
      ['export', '/nowhere', '--threshold', 'errorRatio=50'],
      '--threshold errorRatio is 50; expected a number above 0, up to 1 (ratio)',
    ],
    [
      ['export', '/nowhere', '--threshold', 'errorBudget=0.2'],
      '--threshold errorBudget is 0.2; expected a number above 0, up to 0.16 (ratio)',
    ],
    [
      ['export', '/nowhere', '--runbooks', 'wiki'],
      '--runbooks is "wiki"; expected an address such as https://ops.example.com',
    ],
    [
      ['export', '/nowhere', '--grafana', 'localhost:3000'],
      '--grafana is "localhost:3000"; expected an address such as https://ops.example.com',
    ],
    [
      ['export', '/nowhere', '--logs', 'kibana'],
      '--logs is "kibana"; expected an address such as https://ops.example.com',
    ],
    [
      ['export', '/nowhere', '--smarthost', 'smtp.example.com'],
      '--smarthost is "smtp.example.com"; expected host:port, such as smtp.example.com:587',
    ],
    [
      ['export', '/nowhere', '--email-to', 'the team'],
      '--email-to is "the team"; expected an address such as team@example.com',
    ],
    [
      ['export', '/nowhere', '--datasource', 'my prom'],
      '--datasource is "my prom"; expected a uid of up to 40 letters, digits, - and _',
    ],
    [['import'], 'there is no command "import"; expected export or check'],
    [['check'], '--prometheus is missing; expected the address of a Prometheus'],
    [
      ['check', '--prometheus', 'localhost'],
      '--prometheus is "localhost"; expected an address such as http://localhost:9090',
    ],
  ])('says what is wrong with %j', async (args, message) => {
    expect(await refused(...args)).toBe(message)
  })

  test('says that a folder cannot be written to, also where one can never be made', async () => {
    await using pack = await exported()
    const file = path.join(pack.folder, 'compose.yaml')
    expect(await refused('export', file)).toMatch(
      `DIR is ${JSON.stringify(file)}; expected a folder that can be written to: `,
    )
    expect(await refused('export', '/proc/nowhere/ops')).toMatch('DIR is "/proc/nowhere/ops"; expected a folder')
  })

  test('every threshold reaches a rule', () => {
    const idle = Object.entries(thresholds).filter(([name, { default: value }]) => {
      const other = name === 'latencyObjective' ? 2.5 : value * 3
      return text({ [name]: other }) === text({})
    })
    expect(idle).toEqual([])
  })
})

test('a selector that is added to an expression is found again in each of its selectors, and nothing else changes', () => {
  const expressions = ruleGroups().flatMap(({ rules }) => rules.map(({ expr }) => expr))
  fc.assert(
    fc.property(
      fc.constantFrom(...expressions),
      fc.stringMatching(/^[a-z_]{1,8}$/),
      fc.string(),
      (expr, label, value) => {
        const matcher = `${label}=${JSON.stringify(value)}`
        const before = parseExpression(expr)
        const after = parseExpression(withSelector(expr, matcher))
        expect(after.errors).toEqual([])
        expect(after.selectors.map(({ matchers }) => matchers.length)).toEqual(
          before.selectors.map(({ matchers }) => matchers.length + 1),
        )
        expect(withSelector(expr, matcher).replaceAll(`{${matcher}}`, '').replaceAll(`, ${matcher}`, '')).toBe(expr)
      },
    ),
    { numRuns: 50 },
  )
})

test('the committed pack is what an export writes', async () => {
  const generated = path.join(import.meta.dirname, '../generated')
  for (const [file, content] of Object.entries(packFiles())) {
    const folder = file.startsWith('docs/') ? path.join(generated, '../../..') : generated
    expect(await readFile(path.join(folder, file), 'utf8'), file).toBe(content)
  }
})
