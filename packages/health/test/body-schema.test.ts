import { createRequire } from 'node:module'

import { expect, test } from 'vitest'

import { publicView } from '../src/report.ts'
import type { HealthReport } from '../src/report.ts'
import { errorsOfBody } from './support/body-schema.ts'
import { createTestHealth } from './support/create-test-health.ts'

async function wholeBody(): Promise<HealthReport> {
  const health = createTestHealth({
    memory: {},
    plugins: () => [{ name: 'checksum', up: true }],
    queues: () => [{ plugin: 'checksum', size: 1 }],
  })
  return JSON.parse(JSON.stringify(await health.report())) as HealthReport
}

test('the schema is what users import', () => {
  const schema = createRequire(import.meta.url)('@mcp/otel-health/schema') as { required: string[] }
  expect(schema.required).toEqual(['status', 'version', 'uptime', 'queue_size', 'plugins'])
})

test('both views are valid, and without any one of the five fields neither is', async () => {
  const whole = await wholeBody()
  for (const body of [whole, publicView(whole)]) {
    expect(errorsOfBody(body)).toEqual([])
    for (const field of ['status', 'version', 'uptime', 'queue_size', 'plugins']) {
      expect(errorsOfBody({ ...body, [field]: undefined })).not.toEqual([])
    }
  }
})

test('a wrong state, a part of the details, or a field that is not described is refused', async () => {
  const whole = await wholeBody()
  const { server: _server, ...withoutServer } = whole
  for (const wrong of [
    { ...whole, status: 'fine' },
    { ...whole, uptime: '3' },
    { ...whole, queue_size: -1 },
    { ...whole, plugins: { checksum: { status: 'healthy' } } },
    { ...whole, extra: true },
    { ...whole, server: { ...whole.server, extra: true } },
    { ...publicView(whole), plugins: { checksum: whole.plugins['checksum'] } },
    withoutServer,
  ]) {
    expect(errorsOfBody(wrong)).not.toEqual([])
  }
})
