import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

const PROGRAM = `
  import { createRequire } from 'node:module'
  import * as esm from '@mcp/otel-queue-instrumentation'
  import { processMeters } from '@mcp/otel-core'

  const cjs = createRequire(import.meta.url)('@mcp/otel-queue-instrumentation')
  const seen = []
  cjs.onJob(({ queue, status }) => seen.push([queue, status]))
  const one = esm.instrumentQueue({ plugin: 'files', name: 'one' })
  const two = cjs.instrumentQueue({ plugin: 'files', name: 'two' })
  one.enqueued('a')
  two.enqueued('a')
  two.enqueued('b')
  two.started('a').end()
  const read = (name) => processMeters().provider.readSeries(name).map(({ value }) => value)
  console.log(JSON.stringify({
    differ: esm.instrumentQueue !== cjs.instrumentQueue,
    seen,
    lists: [esm, cjs].map(({ listQueues }) => listQueues().map(({ size, jobs }) => [size, jobs.success])),
    size: read('mcp.queue.size'),
    jobs: read('mcp.queue.jobs').reduce((sum, value) => sum + value, 0),
  }))`

test('the ESM and the CommonJS build in one process share their queues, and count each job once', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    cwd: path.join(import.meta.dirname, '..'),
  })
  expect(JSON.parse(stdout)).toEqual({
    differ: true,
    seen: [['two', 'success']],
    lists: [[[2, 1]], [[2, 1]]],
    size: [2],
    jobs: 1,
  })
})
