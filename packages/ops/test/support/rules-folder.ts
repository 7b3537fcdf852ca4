import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { toYaml } from '../../src/pack/to-yaml.ts'
import { buildRules, type RuleFile } from '../../src/rules/build-rules.ts'
import type { AlertCase } from '../rules/alert-cases.ts'
import type { RecordingCase } from '../rules/recording-cases.ts'

/** Files for promtool. */
interface RulesFolder extends AsyncDisposable {
  /** The whole, as users get it. */
  readonly rules: string
  /** Writes files of tests for the alerts: each with the group alone that its cases are about. */
  alertTests(cases: readonly AlertCase[]): Promise<string[]>
  /** Writes files of tests for recorded series, likewise. */
  recordingTests(cases: readonly RecordingCase[]): Promise<string[]>
}

/** A folder with the rules, as they are with these thresholds, and with tests for them. */
export async function rulesFolder(thresholds = {}): Promise<RulesFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-rules-'))
  const write = async (name: string, content: unknown): Promise<string> => {
    await writeFile(path.join(folder, name), toYaml(content))
    return path.join(folder, name)
  }
  const { groups } = buildRules({ thresholds })
  /** Writes, for each group, files of tests for that group alone, one for each length of step. */
  const writeTests = async <Case extends object>(
    cases: readonly (Case & { readonly step?: string })[],
    isOf: (it: Case, rule: RuleFile['groups'][number]['rules'][number]) => boolean,
    testOf: (it: Case) => object,
  ): Promise<string[]> => {
    const files: string[] = []
    for (const group of groups) {
      const ofGroup = cases.filter((it) => group.rules.some((rule) => isOf(it, rule)))
      const rules = await write(`${group.name}.yaml`, { groups: [group] })
      for (const [interval, ofStep] of Map.groupBy(ofGroup, (it) => it.step ?? '1m')) {
        const tests = ofStep.map((it) => ({ interval, ...testOf(it) }))
        const content = { rule_files: [rules], evaluation_interval: interval, tests }
        files.push(await write(`${group.name}.${interval}.tests.yaml`, content))
      }
    }
    return files
  }
  return {
    rules: await write('mcp.rules.yaml', { groups }),
    alertTests: (cases) => writeTests(cases, (it, { alert }) => it.alert === alert, alertTest),
    recordingTests: (cases) => writeTests(cases, (it, { record }) => it.record === record, recordingTest),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

const seriesOf = (series: Readonly<Record<string, string>>): object[] =>
  Object.entries(series).map(([name, values]) => ({ series: name, values }))

function alertTest({ alert, at, fires, series, title }: AlertCase): object {
  const rule = buildRules()
    .groups.flatMap(({ rules }) => rules)
    .find((each) => each.alert === alert)
  const expected = fires.map(({ description, labels }) => ({
    exp_labels: { ...rule?.labels, ...labels },
    exp_annotations: { ...rule?.annotations, description },
  }))
  return {
    name: `${alert}: ${title}`,
    input_series: seriesOf(series),
    alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: expected }],
  }
}

function recordingTest({ is, record, series, title }: RecordingCase): object {
  const expected = Object.entries(is).map(([labels, value]) => ({ labels, value }))
  return {
    name: `${record}: ${title}`,
    input_series: seriesOf(series),
    promql_expr_test: [{ expr: record, eval_time: '10m', exp_samples: expected }],
  }
}
