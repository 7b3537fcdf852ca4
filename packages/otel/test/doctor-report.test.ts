import { describe, expect, test } from 'vitest'

import { runDoctorCommand } from '../src/doctor/doctor-command.ts'
import { reportText } from '../src/doctor/report.ts'

const ESCAPE = '\u001B['

async function run(args: readonly string[], isTTY: boolean, env: Record<string, string> = {}) {
  let stdout = ''
  const io = { stdout: { isTTY, write: (text: string) => (stdout += text) }, stderr: { write() {} }, env }
  return { code: await runDoctorCommand(args, io), stdout }
}

describe('colours', () => {
  const nowhere = ['http://127.0.0.1:9']

  test('are for a terminal that wants them', async () => {
    expect((await run(nowhere, true)).stdout).toContain(`${ESCAPE}31m✖${ESCAPE}39m endpoint`)
  })

  test.each([
    ['no terminal', false, {}],
    ['NO_COLOR', true, { NO_COLOR: '1' }],
    ['TERM=dumb', true, { TERM: 'dumb' }],
  ])('are not for %s', async (_what, isTTY, env) => {
    const { code, stdout } = await run(nowhere, isTTY, env)
    expect(code).toBe(1)
    expect(stdout).toContain('✖ endpoint')
    expect(stdout).not.toContain(ESCAPE)
  })
})

test('--json is one object of this shape', async () => {
  const { stdout } = await run(['--json', 'http://127.0.0.1:9/metrics'], true, { MCP_OTEL_PROT: '1' })
  expect(JSON.parse(stdout)).toEqual({
    version: '0.0.0',
    ok: false,
    target: { url: 'http://127.0.0.1:9' },
    counts: { ok: 2, warn: 1, fail: 1 },
    findings: [
      { check: 'versions', status: 'ok', found: expect.stringMatching(/^Node\.js \d/) },
      {
        check: 'configuration',
        status: 'warn',
        found: 'MCP_OTEL_PROT is not a setting; did you mean MCP_OTEL_PORT? It is ignored',
        remedy: 'correct it; npx mcp-otel config shows what is in force',
      },
      {
        check: 'endpoint',
        status: 'fail',
        found: 'http://127.0.0.1:9/metrics: connect ECONNREFUSED 127.0.0.1:9',
        remedy: 'see that the app runs, and listens there: MCP_OTEL_HOST, MCP_OTEL_PORT',
      },
      { check: 'exports', status: 'ok', found: 'none is configured; OTEL_EXPORTER_OTLP_ENDPOINT names a collector' },
    ],
  })
})

test('what an app says cannot command the terminal', () => {
  const text = reportText(
    [{ check: 'app', status: 'fail', found: 'it said \u001B[2J\r\nhidden', remedy: 'look' }],
    false,
  )
  expect(text).toBe('✖ app  it said  [2J hidden\n       → look\n\n0 ok, 0 to look at, 1 wrong\n')
})
