import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import { describe, expect, test } from 'vitest'

import { findPrometheus } from '../../../test/support/components.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { packProblems } from '../src/pack/pack-problems.ts'
import { toYaml } from '../src/pack/to-yaml.ts'
import { buildRules, ruleGroups } from '../src/rules/build-rules.ts'
import { isAlert } from '../src/rules/rule.ts'
import { alertCases, type AlertCase } from './rules/alert-cases.ts'

const run = promisify(execFile)
const prometheus = await findPrometheus()
const rules = ruleGroups().flatMap((group) => group.rules)
const alerts = rules.filter(isAlert)

describe("the guide's group", () => {
  test('is exactly what the guide writes', () => {
    const group = buildRules().groups.find(({ name }) => name === 'mcp-guide')
    const asWritten = group?.rules.map(({ alert, annotations, expr, labels, for: pending }) => ({
      alert,
      expr,
      for: pending,
      labels,
      summary: annotations?.['summary'],
    }))
    expect(asWritten).toEqual([
      {
        alert: 'HighErrorRate',
        expr: 'rate(mcp_requests_total{status=~"5.."}[5m]) > 0.1',
        for: '5m',
        labels: { severity: 'critical' },
        summary: 'High error rate detected',
      },
      {
        alert: 'QueueBacklog',
        expr: 'mcp_queue_size > 100',
        for: '10m',
        labels: { severity: 'warning' },
        summary: 'Job queue is backing up',
      },
      {
        alert: 'SlowResponses',
        expr: 'histogram_quantile(0.95, rate(mcp_request_duration_seconds_bucket[5m])) > 1',
        for: '5m',
        labels: { severity: 'warning' },
        summary: '95th percentile of requests are slow',
      },
    ])
  })
})

describe('every rule', () => {
  test('reads only metrics, labels, values and bounds that the catalogues have', () => {
    expect(packProblems()).toEqual([])
  })

  test('has a name of its own', () => {
    const names = rules.map((rule) => (isAlert(rule) ? rule.alert : rule.record))
    expect(names).toEqual([...new Set(names)])
  })

  test('that is an alert names the value and where it is, in a sentence', () => {
    for (const { alert, description, summary } of alerts) {
      expect(description, alert).toMatch(/\$labels\.\w+ .*\.$/)
      expect(summary, alert).toMatch(/^\w.*[^.]$/)
    }
  })
})

describe('every alert', () => {
  test('has a case in which it fires, and one in which it does not', () => {
    const [firing, quiet] = [true, false].map((fires) =>
      alertCases.filter((it) => it.fires.length > 0 === fires).map(({ alert }) => alert),
    )
    const names = alerts.map(({ alert }) => alert).toSorted()
    expect([...new Set(firing)].toSorted()).toEqual(names)
    expect([...new Set(quiet)].toSorted()).toEqual(names)
  })

  testWith(
    prometheus,
    'passes `promtool check rules`, and nothing in the file is found wrong',
    async ({ promtool }) => {
      await using folder = await rulesFolder()
      const { stdout } = await run(promtool, ['check', 'rules', '--lint=all', folder.rules])
      expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`)
    },
  )

  testWith(
    prometheus,
    'fires with its labels and its words when it should, and only then (`promtool test rules`)',
    async ({ promtool }) => {
      await using folder = await rulesFolder()
      const told = await run(promtool, ['test', 'rules', ...(await folder.tests(alertCases))]).catch(failure)
      expect(told.stdout + told.stderr).toMatch(/^(?:Unit Testing: .*\n\s+SUCCESS\s+)+$/)
    },
    120_000,
  )

  testWith(prometheus, 'is caught by its cases when its limit is another', async ({ promtool }) => {
    const ofGuide = alertCases.filter(({ alert }) => !alert.startsWith('Mcp'))
    await using folder = await rulesFolder({ queueSize: 102, errorRate: 0.3 })
    const { stderr } = await run(promtool, ['test', 'rules', ...(await folder.tests(ofGuide))]).catch(failure)
    expect(stderr).toContain('alertname: QueueBacklog')
    expect(stderr).toContain('alertname: HighErrorRate')
    expect(stderr).not.toContain('alertname: SlowResponses')
  })
})

interface RulesFolder extends AsyncDisposable {
  /** The whole, as users get it. */
  readonly rules: string
  /** Writes files of tests for the rules: each with the group alone that its cases are about. */
  tests(cases: readonly AlertCase[]): Promise<string[]>
}

async function rulesFolder(thresholds = {}): Promise<RulesFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-rules-'))
  const write = async (name: string, content: unknown): Promise<string> => {
    await writeFile(path.join(folder, name), toYaml(content))
    return path.join(folder, name)
  }
  const { groups } = buildRules({ thresholds })
  return {
    rules: await write('mcp.rules.yaml', { groups }),
    async tests(cases) {
      const files: string[] = []
      for (const group of groups) {
        const names = new Set(group.rules.map(({ alert }) => alert))
        const ofGroup = cases.filter(({ alert }) => names.has(alert))
        const rulesFile = await write(`${group.name}.yaml`, { groups: [group] })
        for (const [step, ofStep] of Map.groupBy(ofGroup, (it) => it.step ?? '1m')) {
          files.push(await write(`${group.name}.${step}.tests.yaml`, promtoolTests(rulesFile, step, ofStep)))
        }
      }
      return files
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

function promtoolTests(file: string, step: string, cases: readonly AlertCase[]): object {
  const annotations = new Map(
    buildRules().groups.flatMap(({ rules: all }) => all.map((rule) => [rule.alert, rule.annotations])),
  )
  const severities = new Map(alerts.map(({ alert, severity }) => [alert, severity]))
  return {
    rule_files: [file],
    evaluation_interval: step,
    tests: cases.map(({ alert, at, fires, series, title }) => ({
      name: `${alert}: ${title}`,
      interval: step,
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: [
        {
          eval_time: at,
          alertname: alert,
          exp_alerts: fires.map(({ description, labels }) => ({
            exp_labels: { severity: severities.get(alert), ...labels },
            exp_annotations: { ...annotations.get(alert), description },
          })),
        },
      ],
    })),
  }
}

function failure(error: unknown): { stdout: string; stderr: string } {
  return error as { stdout: string; stderr: string }
}
