import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

const PROGRAM = `
  import { createRequire } from 'node:module'
  import * as esm from '@mcp/otel-plugin-instrumentation'
  import { processMeters } from '@mcp/otel-core'

  const cjs = createRequire(import.meta.url)('@mcp/otel-plugin-instrumentation')
  const seen = []
  esm.onExecution(({ command, status }) => seen.push([command, status]))
  esm.registerPlugin('files', { commands: ['list'] })
  cjs.startExecution({ plugin: 'files', command: 'list' }).end()
  cjs.startExecution({ plugin: 'files', command: 'unknown' }).end()
  const once = esm.instrumentCommand(() => {}, { plugin: 'files', command: 'sum' })
  const plugin = cjs.instrumentPlugin({ name: 'other', run: () => {} })
  const read = (name) => processMeters().provider.readSeries(name).map(({ attributes, value }) => [attributes.plugin, value])
  console.log(JSON.stringify({
    differ: esm.startExecution !== cjs.startExecution,
    seen,
    sameList: JSON.stringify(esm.listPlugins()) === JSON.stringify(cjs.listPlugins()),
    executions: cjs.listPlugins()[0].executions.success,
    up: read('mcp.plugin.up'),
    active: read('mcp.plugin.active_executions'),
    wrappedOnce: cjs.instrumentCommand(once, { plugin: 'files', command: 'sum' }) === once,
    viewedOnce: esm.instrumentPlugin(plugin) === plugin,
  }))`

test('the ESM and the CommonJS build in one process share their plugins, and count each execution once', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    cwd: path.join(import.meta.dirname, '..'),
  })
  expect(JSON.parse(stdout)).toEqual({
    differ: true,
    seen: [
      ['list', 'success'],
      ['_OTHER', 'success'],
    ],
    sameList: true,
    executions: 2,
    up: [
      ['files', 1],
      ['other', 1],
    ],
    active: [
      ['files', 0],
      ['other', 0],
    ],
    wrappedOnce: true,
    viewedOnce: true,
  })
})
