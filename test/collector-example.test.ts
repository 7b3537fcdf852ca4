import { readFile } from 'node:fs/promises'

import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { root } from './support/app-process.ts'

type Settings = { readonly [name: string]: Settings | string | number | boolean | readonly string[] }

interface CollectorConfig {
  readonly receivers: Settings
  readonly processors: Settings
  readonly exporters: Settings
  readonly extensions: Settings
  readonly service: {
    readonly extensions: readonly string[]
    readonly pipelines: Readonly<
      Record<string, Readonly<Record<'receivers' | 'processors' | 'exporters', readonly string[]>>>
    >
  }
}

/** What the collector's documentation has for the components in use, settings of settings by their path. */
const DOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  otlp: ['protocols.http.endpoint', 'protocols.grpc.endpoint'],
  memory_limiter: ['check_interval', 'limit_mib', 'spike_limit_mib', 'limit_percentage', 'spike_limit_percentage'],
  batch: ['send_batch_size', 'timeout', 'send_batch_max_size', 'metadata_keys', 'metadata_cardinality_limit'],
  prometheus: [
    'endpoint',
    'const_labels',
    'namespace',
    'send_timestamps',
    'metric_expiration',
    'resource_to_telemetry_conversion.enabled',
    'enable_open_metrics',
    'without_scope_info',
    'add_metric_suffixes',
  ],
  otlphttp: [
    'endpoint',
    'headers.authorization',
    'compression',
    'sending_queue.queue_size',
    'retry_on_failure.max_elapsed_time',
  ],
  health_check: ['endpoint'],
}

const config = parse(await readFile(`${root}/examples/collector/collector.yaml`, 'utf8')) as CollectorConfig

function pathsOf(settings: Settings, above = ''): string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    typeof value === 'object' && !Array.isArray(value)
      ? pathsOf(value as Settings, `${above}${name}.`)
      : [above + name],
  )
}

describe('the example of a collector', () => {
  test.each(['receivers', 'processors', 'exporters', 'extensions'] as const)(
    'has only documented settings for its %s',
    (kind) => {
      for (const [name, settings] of Object.entries(config[kind])) {
        expect(DOCUMENTED[name]).toEqual(expect.arrayContaining(pathsOf(settings as Settings)))
      }
    },
  )

  test('has a pipeline for each signal, of components that it defines, and defines none that it does not use', () => {
    const { extensions, pipelines } = config.service
    expect(Object.keys(pipelines)).toEqual(['traces', 'metrics', 'logs'])
    for (const kind of ['receivers', 'processors', 'exporters'] as const) {
      const used = new Set(Object.values(pipelines).flatMap((pipeline) => pipeline[kind]))
      expect([...used].toSorted()).toEqual(Object.keys(config[kind]).toSorted())
    }
    expect(extensions).toEqual(Object.keys(config.extensions))
    expect(pipelines['metrics']?.exporters).toEqual(['prometheus', 'otlphttp'])
  })

  test('takes what its README sends, and serves what its README scrapes', async () => {
    const readme = await readFile(`${root}/examples/collector/README.md`, 'utf8')
    const addresses = new Set(readme.match(/127\.0\.0\.1:\d+/g))
    const listening = JSON.stringify(config).match(/127\.0\.0\.1:\d+/g)
    expect(listening).toEqual(expect.arrayContaining([...addresses]))
  })
})
