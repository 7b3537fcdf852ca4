import net from 'node:net'
import path from 'node:path'

import { describe, expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'

const fixture = (name: string) => path.join(import.meta.dirname, 'fixtures', name)
const DISABLED = { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }

/** What an app that records a lot finds of us in its own process. */
async function findings(args: readonly string[], env: Record<string, string>) {
  await using app = new AppProcess(['--require', fixture('resources.cjs'), ...args, fixture('disabled.cjs')], {
    env: { MCP_OTEL_PORT: '0', ...env },
  })
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  expect(app.stderr).toBe('')
  return JSON.parse(app.stdout) as Record<string, unknown>
}

const NOTHING = {
  sdkModules: [],
  resources: [],
  signals: 0,
  exitListeners: 0,
  recorded: [],
  isRecordingSpan: false,
}

describe.concurrent('OTEL_SDK_DISABLED=true', () => {
  test('under the register entry loads no SDK, starts nothing, and what instrumentations record is not kept', async () => {
    const found = await findings(['--require', REGISTER], DISABLED)
    expect(found).toEqual({ ...NOTHING, ownModulesBefore: [], state: null })
  })

  test('makes start() do nothing: no timer, no port, no thread, no series', async () => {
    const found = await findings([], { ...DISABLED, START: '{}' })
    expect(found).toMatchObject({ ...NOTHING, state: 'disabled' })
  })

  test('and so does the option of start()', async () => {
    const found = await findings([], { START: '{ "disabled": true }' })
    expect(found).toMatchObject({ ...NOTHING, state: 'disabled' })
  })

  test('without it the same app has all of that', async () => {
    const found = await findings(['--require', REGISTER], { MCP_OTEL_BANNER: 'off' })
    expect(found).toMatchObject({
      state: 'running',
      recorded: ['mcp.plugin.executions', 'mcp.plugin.execution.duration', 'mcp.queue.wait', 'mcp.queue.jobs'],
      resources: ['BoundSocket' in net ? 'TCPWRAP' : 'TCPSERVERWRAP', 'Timeout'],
    })
    expect(found['sdkModules']).not.toEqual([])
    expect(found['exitListeners']).toBeGreaterThan(0)
  })
})
