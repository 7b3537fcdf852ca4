import { writeFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { startMockOtlp } from '../../../test/support/mock-otlp.ts'

const APP = path.join(import.meta.dirname, 'fixtures', 'declared.cjs')

const signal = (name: string) => `
        exporter:
          otlp_http:
            endpoint: \${COLLECTOR}/v1/${name}`

const DECLARED = `file_format: "1.0"
resource:
  attributes:
    - name: service.name
      value: declared
tracer_provider:
  processors:
    - batch:${signal('traces')}
meter_provider:
  readers:
    - periodic:${signal('metrics')}
logger_provider:
  processors:
    - batch:${signal('logs')}
`

test.each(['OTEL_CONFIG_FILE', 'OTEL_EXPERIMENTAL_CONFIG_FILE'])(
  '%s is handed to the SDK: what it declares is exported, mcp_* with it, and nothing of it is lost at the end',
  async (variable) => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-declared-'))
    await using collector = await startMockOtlp()
    const file = path.join(folder.path, 'otel.yaml')
    writeFileSync(file, DECLARED)
    const env = { [variable]: file, COLLECTOR: collector.httpUrl, MCP_OTEL_PORT: '0', OTEL_TRACES_EXPORTER: 'console' }
    await using app = new AppProcess(['--require', REGISTER, APP], { env })
    expect(await app.exit()).toEqual({ code: 0, signal: null })
    expect(app.stdout).toBe('done\n')
    expect(app.stderr.split('\n')).toEqual([
      '[mcp-otel] OTEL_TRACES_EXPORTER is not used, since OTEL_CONFIG_FILE says what the SDK does; unset one or the other',
      expect.stringContaining(`; exports as ${file} has it; `),
      '',
    ])
    const span = collector.spans.all.find(({ name }) => name === 'app span')
    expect(span?.resource).toMatchObject({ 'service.name': 'declared' })
    expect(collector.logs.all.map(({ body }) => body)).toContain('app log')
    const names = new Set(collector.points.all.map(({ name }) => name))
    expect(names).toContain('app.count')
    expect(names).toContain('mcp.plugin.executions')
  },
)

test.each([
  ['is not there', 'nowhere.yaml', undefined, / cannot be used: ENOENT/],
  ['is a directory', '.', undefined, / cannot be used: it is a directory; /],
  ['is no such file', 'otel.yaml', 'a: [', /Could not load OpenTelemetry configuration/],
])('a file that %s is one line, and the app runs on', async (_what, name, content, line) => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-declared-'))
  const file = path.join(folder.path, name)
  if (content !== undefined) writeFileSync(file, content)
  const env = { OTEL_CONFIG_FILE: file, MCP_OTEL_PORT: '0' }
  await using app = new AppProcess(['--require', REGISTER, APP], { env })
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  expect(app.stdout).toBe('done\n')
  const [first, second, ...rest] = app.stderr.split('\n')
  expect(first).toMatch(line)
  expect(second).toContain('; exports nothing; ')
  expect(rest).toEqual([''])
})
