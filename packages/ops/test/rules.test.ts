import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { describe, expect, test } from 'vitest'

import { findPrometheus } from '../../../test/support/components.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { packProblems } from '../src/pack/pack-problems.ts'
import { buildRules, ruleGroups } from '../src/rules/build-rules.ts'
import { isAlert } from '../src/rules/rule.ts'
import { alertCases } from './rules/alert-cases.ts'
import { recordingCases } from './rules/recording-cases.ts'
import { rulesFolder } from './support/rules-folder.ts'

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
      expect(description, alert).toMatch(/\{\{ \$value\b.*\}\}/)
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
      const told = await run(promtool, ['test', 'rules', ...(await folder.alertTests(alertCases))]).catch(failure)
      expect(told.stdout + told.stderr).toMatch(/^(?:Unit Testing: .*\n\s+SUCCESS\s+)+$/)
    },
    120_000,
  )

  testWith(prometheus, 'is caught by its cases when its limit is another', async ({ promtool }) => {
    const ofGuide = alertCases.filter(({ alert }) => !alert.startsWith('Mcp'))
    await using folder = await rulesFolder({ queueSize: 102, errorRate: 0.3 })
    const { stderr } = await run(promtool, ['test', 'rules', ...(await folder.alertTests(ofGuide))]).catch(failure)
    expect(stderr).toContain('alertname: QueueBacklog')
    expect(stderr).toContain('alertname: HighErrorRate')
    expect(stderr).not.toContain('alertname: SlowResponses')
  })
})

describe('every recorded series', () => {
  testWith(
    prometheus,
    'has the value that it should: shared queues counted once, local ones added up (`promtool test rules`)',
    async ({ promtool }) => {
      await using folder = await rulesFolder()
      const told = await run(promtool, ['test', 'rules', ...(await folder.recordingTests(recordingCases))]).catch(
        failure,
      )
      expect(told.stdout + told.stderr).toMatch(/^(?:Unit Testing: .*\n\s+SUCCESS\s+)+$/)

      const wrong = recordingCases
        .slice(0, 2)
        .map((it) => ({ ...it, is: { [`${it.record}{job="mcp", plugin="words"}`]: 1 } }))
      const { stderr } = await run(promtool, ['test', 'rules', ...(await folder.recordingTests(wrong))]).catch(failure)
      expect(stderr).toContain('plugin="words"} 6E+01')
      expect(stderr).toContain('plugin="words"} 2.4E+02')
    },
    60_000,
  )
})

function failure(error: unknown): { stdout: string; stderr: string } {
  return error as { stdout: string; stderr: string }
}
