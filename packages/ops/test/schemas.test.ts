import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import {
  PrometheusRule,
  type IPrometheusRule,
} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule'
import {
  ServiceMonitor,
  type IServiceMonitor,
} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { findDockerCompose } from '../../../test/support/components.ts'
import { testWith } from '../../../test/support/test-with.ts'
import own from '../package.json' with { type: 'json' }
import { packFiles } from '../src/index.ts'
import type { GrafanaDashboard } from './support/grafana-dashboard.ts'
import { typeErrors } from './support/type-errors.ts'

const run = promisify(execFile)
const compose = await findDockerCompose()
const pack = packFiles()
const filesIn = (folder: string): string[] => Object.keys(pack).filter((file) => file.startsWith(folder))
type Node = Record<string, unknown>
const read = (file: string): Node => parse(pack[file] ?? '') as Node

/** A copy of a value with one place in it spoilt, given by its path; `undefined` takes it away. */
function spoilt<T extends Node>(value: T, where: string, bad: unknown): T {
  const copy = structuredClone(value)
  const names = where.split('.')
  const last = names.pop()!
  names.reduce<Node>((at, name) => at[name] as Node, copy)[last] = bad
  return copy
}

const none = (files: readonly string[]): Record<string, string[]> => Object.fromEntries(files.map((file) => [file, []]))
const says = (text: string): string[] => [expect.stringContaining(text)]

describe('Grafana’s schema', () => {
  const DASHBOARD = { name: 'GrafanaDashboard', from: './grafana-dashboard.ts' }
  const files = filesIn('grafana/dashboards/')

  test('knows every field of every dashboard, and its value', async () => {
    const found = await typeErrors(DASHBOARD, Object.fromEntries(files.map((file) => [file, read(file)])))
    expect(found).toEqual(none(files))
  })

  test('refuses what it does not know, wherever it stands', async () => {
    const overview = read('grafana/dashboards/mcp-overview.json') as Node & GrafanaDashboard
    const at = `panels.${overview.panels.findIndex(({ title }) => title === 'Response Time')}`
    const found = await typeErrors(DASHBOARD, {
      dashboard: spoilt(overview, 'refreshRate', '30s'),
      panel: spoilt(overview, `${at}.heigth`, 8),
      option: spoilt(overview, `${at}.options.legend.postion`, 'right'),
      line: spoilt(overview, `${at}.fieldConfig.defaults.custom.fillOpaque`, 5),
      query: spoilt(overview, `${at}.targets.0.expression`, 'up'),
      type: spoilt(overview, `${at}.fieldConfig.defaults.unit`, 7),
      value: spoilt(overview, `${at}.options.legend.displayMode`, 'tabel'),
      lacking: spoilt(overview, `${at}.fieldConfig.defaults.thresholds.steps.0.color`, undefined),
      // Was taken out of Grafana; the guide still has it.
      retired: spoilt(overview, `${at}.type`, 'graph'),
    })
    expect(found).toEqual({
      dashboard: says(`'"refreshRate"' does not exist`),
      panel: says(`'"heigth"' does not exist`),
      option: says(`'"postion"' does not exist`),
      line: says(`'"fillOpaque"' does not exist`),
      query: says(`'"expression"' does not exist`),
      type: says(`"unit": 7,: Type 'number' is not assignable to type 'string'`),
      value: says(`Type '"tabel"' is not assignable`),
      lacking: says("Property 'color' is missing"),
      retired: says(`Type '"graph"' is not assignable`),
    })
  })
})

describe('the schemas of Kubernetes and of the Prometheus Operator', () => {
  const OPERATOR = '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
  const rule = read('kubernetes/prometheus-rule.yaml') as Node & IPrometheusRule
  const monitor = read('kubernetes/service-monitor.yaml') as Node & IServiceMonitor
  const maps = filesIn('kubernetes/dashboard-')

  test('know every field of every object', async () => {
    expect(await typeErrors({ name: 'IPrometheusRule', from: `${OPERATOR}/PrometheusRule` }, { rule })).toEqual(
      none(['rule']),
    )
    expect(await typeErrors({ name: 'IServiceMonitor', from: `${OPERATOR}/ServiceMonitor` }, { monitor })).toEqual(
      none(['monitor']),
    )
    const all = Object.fromEntries(maps.map((file) => [file, read(file)]))
    expect(await typeErrors({ name: 'IConfigMap', from: 'kubernetes-models/v1/ConfigMap' }, all)).toEqual(none(maps))
  }, 30_000)

  test('accept every value of every object', () => {
    new PrometheusRule(rule).validate()
    new ServiceMonitor(monitor).validate()
    for (const file of maps) new ConfigMap(read(file)).validate()
    expect(maps).toHaveLength(filesIn('grafana/dashboards/').length)
  })

  test('refuse an unknown field, and a duration that is none', async () => {
    const misspelt = spoilt(rule, 'spec.groups.0.rules.0.form', '5m')
    expect(await typeErrors({ name: 'IPrometheusRule', from: `${OPERATOR}/PrometheusRule` }, { misspelt })).toEqual({
      misspelt: says(`'"form"' does not exist`),
    })
    expect(() => new PrometheusRule(spoilt(rule, 'spec.groups.0.rules.0.for', '5 min')).validate()).toThrow(
      'groups/0/rules/0/for must match pattern',
    )
    expect(() => new ServiceMonitor(spoilt(monitor, 'spec.endpoints.0.interval', 15)).validate()).toThrow(
      'endpoints/0/interval must be string',
    )
  })
})

describe('compose.yaml', () => {
  testWith(
    compose,
    'is read by docker-compose, which says what is wrong with one that is not right',
    async ({ args, env, program }) => {
      await using folder = await packFolder()
      const config = (file: string, image: Record<string, string> = { MCP_IMAGE: 'server:1' }): Promise<string> =>
        run(program, [...args, '-f', file, 'config'], { cwd: folder.path, env: { ...env, ...image } }).then(
          ({ stdout }) => stdout,
          (error: { stderr: string }) => error.stderr,
        )
      const resolved = parse(await config('compose.yaml')) as { services: Record<string, { image: string }> }
      expect(Object.keys(resolved.services).toSorted()).toEqual([
        'alertmanager',
        'app',
        'collector',
        'grafana',
        'prometheus',
      ])
      expect(resolved.services['app']?.image).toBe('server:1')
      expect(await config('compose.yaml', {})).toContain('set MCP_IMAGE to the image of your server')

      const written = pack['compose.yaml'] ?? ''
      await folder.write('misspelt.yaml', written.replaceAll('command:', 'comand:'))
      expect(await config('misspelt.yaml')).toContain("Unsupported config option for services.prometheus: 'comand'")
      await folder.write('volume.yaml', written.replace('grafana: {}', 'other: {}'))
      expect(await config('volume.yaml')).toContain(
        'Named volume "grafana:/var/lib/grafana:rw" is used in service "grafana"',
      )
    },
    60_000,
  )

  test('has the releases that the pack is held against, and none that changes by itself', () => {
    const { services } = read('compose.yaml') as { services: Record<string, { image: string }> }
    expect(services['grafana']?.image).toBe(`grafana/grafana:${own.devDependencies['@grafana/schema']}`)
    // Release 3.15.0 of Prometheus publishes its packages as 0.315.0.
    const parser = own.dependencies['@prometheus-io/lezer-promql']
    const [, major, minor, patch] = /^0\.(\d)(\d\d)\.(\d+)$/.exec(parser) ?? []
    expect(services['prometheus']?.image).toBe(`prom/prometheus:v${major}.${Number(minor)}.${patch}`)
    for (const name of ['collector', 'alertmanager']) expect(services[name]?.image).toMatch(/:v?\d+\.\d+\.\d+$/)
  })
})

describe('the files of the stack', () => {
  const { services, volumes } = read('compose.yaml') as {
    services: Record<string, { command?: string[]; volumes?: string[]; environment?: Record<string, string> }>
    volumes: object
  }
  /** Where a file of the pack is within a service's container. */
  const within = (service: string, file: string): string | undefined =>
    (services[service]?.volumes ?? [])
      .map((volume) => volume.split(':') as [from: string, to: string])
      .filter(([from]) => `./${file}`.startsWith(from))
      .map(([from, to]) => to + `./${file}`.slice(from.length))[0]

  test('are where each service looks for them', () => {
    const configured = (service: string): string | undefined =>
      services[service]?.command?.find((flag) => /^--config(?:\.file)?=/.test(flag))?.split('=')[1]
    expect(within('prometheus', 'prometheus/prometheus.yaml')).toBe(configured('prometheus'))
    expect(within('alertmanager', 'alertmanager/alertmanager.yaml')).toBe(configured('alertmanager'))
    expect(within('collector', 'collector/collector.yaml')).toBe(configured('collector'))
    expect(within('alertmanager', 'alertmanager/secrets/slack-url')).toBe('/etc/alertmanager/secrets/slack-url')
    expect(within('grafana', 'grafana/provisioning/dashboards/mcp.yaml')).toBe(
      '/etc/grafana/provisioning/dashboards/mcp.yaml',
    )
    const [provider] = read('grafana/provisioning/dashboards/mcp.yaml')['providers'] as {
      type: string
      options: { path: string }
    }[]
    expect(provider).toMatchObject({ type: 'file' })
    expect(within('grafana', 'grafana/dashboards/mcp-overview.json')).toBe(
      `${provider?.options.path}/mcp-overview.json`,
    )
    const data = Object.values(services).flatMap((service) => service.volumes ?? [])
    expect(data.filter((volume) => /^\w/.test(volume)).map((volume) => volume.split(':')[0])).toEqual(
      Object.keys(volumes),
    )
  })

  test('name the services that there are, with the ports that they listen on', () => {
    const prometheus = read('prometheus/prometheus.yaml') as {
      alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] }
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[]
    }
    const { datasources } = read('grafana/provisioning/datasources/prometheus.yaml') as {
      datasources: { type: string; url: string; access: string; uid: string }[]
    }
    expect(prometheus.alerting.alertmanagers[0]?.static_configs[0]?.targets).toEqual(['alertmanager:9093'])
    expect(prometheus.scrape_configs[0]?.static_configs[0]?.targets).toEqual(['app:9464'])
    expect(datasources).toMatchObject([{ type: 'prometheus', access: 'proxy', url: 'http://prometheus:9090' }])
    expect(services['app']?.environment).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_EXPORTER_PROMETHEUS_HOST: '0.0.0.0',
      OTEL_SERVICE_NAME: prometheus.scrape_configs[0]?.job_name,
    })
    const { receivers } = read('collector/collector.yaml') as {
      receivers: { otlp: { protocols: { http: { endpoint: string } } } }
    }
    expect(receivers.otlp.protocols.http.endpoint).toBe('0.0.0.0:4318')
  })
})

test('the collector’s configuration uses what it defines, all of it', () => {
  const { exporters, processors, receivers, service } = read('collector/collector.yaml') as {
    receivers: object
    processors: object
    exporters: object

    service: { pipelines: Record<string, Record<'receivers' | 'processors' | 'exporters', string[]>> }
  }
  const pipelines = Object.values(service.pipelines)
  const used = (part: 'receivers' | 'processors' | 'exporters'): string[] =>
    [...new Set(pipelines.flatMap((pipeline) => pipeline[part]))].toSorted()
  expect(used('receivers')).toEqual(Object.keys(receivers).toSorted())
  expect(used('processors')).toEqual(Object.keys(processors).toSorted())
  expect(used('exporters')).toEqual(Object.keys(exporters).toSorted())
})

async function packFolder(): Promise<
  AsyncDisposable & { readonly path: string; write(file: string, text: string): Promise<void> }
> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-compose-'))
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    await writeFile(path.join(folder, file), text)
  }
  for (const [file, text] of Object.entries(pack)) await write(file, text)
  return { path: folder, write, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
