import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess } from './support/app-process.ts'
import { startMockOtlp } from './support/mock-otlp.ts'
import { scrape } from './support/scrape.ts'

const register = createRequire(import.meta.url).resolve('@mcp/otel/register')

const RECORDER = path.join(import.meta.dirname, 'fixtures/network-recorder.cjs')

test('a process asks nobody but its collector, and says of itself neither arguments nor paths nor its environment', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-'))
  await writeFile(path.join(folder.path, 'package.json'), '{"name":"the-app","version":"4.5.6"}')
  const file = path.join(folder.path, 'app.cjs')
  await writeFile(file, 'setInterval(() => {}, 1000)')
  await using collector = await startMockOtlp()
  const endpoint = collector.httpUrl.replace('localhost', '127.0.0.1')
  await using app = new AppProcess(['--require', RECORDER, '--require', register, file, '--token=hush'], {
    env: {
      MCP_OTEL_PORT: '0',
      A_SECRET: 'hush',
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'key=hush',
      OTEL_METRIC_EXPORT_INTERVAL: '100',
      OTEL_METRIC_EXPORT_TIMEOUT: '100',
    },
  })
  const { text } = await scrape(await app.endpoint())
  const [target = ''] = /^target_info\{.*$/m.exec(text) ?? []
  const { resource } = await collector.points.next(({ name }) => name === 'mcp.build_info')
  await app.stop()

  const asked = app.stdout
    .split('\n')
    .filter((line) => line.startsWith('network: ') && !line.includes('lookup of 127.'))
  expect([...new Set(asked)]).toEqual([`network: ${new URL(endpoint).host}`])
  expect(
    Object.keys(resource)
      .filter((name) => name !== 'host.id')
      .toSorted(),
  ).toEqual([
    'host.arch',
    'host.name',
    'os.type',
    'os.version',
    'process.pid',
    'process.runtime.name',
    'process.runtime.version',
    'service.instance.id',
    'service.name',
    'service.version',
    'telemetry.distro.name',
    'telemetry.distro.version',
    'telemetry.sdk.language',
    'telemetry.sdk.name',
    'telemetry.sdk.version',
  ])
  expect(resource).toMatchObject({ 'service.name': 'the-app', 'service.version': '4.5.6' })
  expect(resource['service.instance.id']).toMatch(/^[0-9a-f-]{36}$/)
  expect(target).toContain('service_name="the-app"')
  expect(target + JSON.stringify(resource)).not.toMatch(new RegExp(`hush|app\\.cjs|${folder.path}`))
})
