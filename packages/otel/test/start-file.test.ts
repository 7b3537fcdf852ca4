import { cp, mkdtemp, readFile, rm, writeFile, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { describe, expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { startMockOtlp } from '../../../test/support/mock-otlp.ts'

const IS_THERE = `console.log(Object.keys(require.cache).some((file) => /opentelemetry.api/.test(file)))`
const USE = `${IS_THERE}; require('@opentelemetry/api').trace.getTracer('app').startSpan('made by the app').end()`

interface Start {
  readonly args: readonly string[]
  readonly cwd?: string
}

/** What an app prints, and the names of its spans. */
async function run({ args, cwd = import.meta.dirname }: Start) {
  await using collector = await startMockOtlp()
  await using app = new AppProcess(args, {
    cwd,
    env: {
      MCP_OTEL_PORT: '0',
      MCP_OTEL_BANNER: 'off',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_METRICS_EXPORTER: 'none',
    },
  })
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  return { stdout: app.stdout, stderr: app.stderr, spans: collector.spans.all.map(({ name }) => name) }
}

/** A folder of an app with our files as they are built, and the API of another version. */
async function installWithApi(version: string): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-otel-api-'))
  const require = createRequire(import.meta.url)
  const rootOf = (name: string) =>
    path.join(require.resolve(name).split(`${path.sep}node_modules${path.sep}`)[0] ?? '', 'node_modules', name)
  const modules = path.join(folder, 'node_modules')
  await mkdir(path.join(modules, '@mcp/otel'), { recursive: true })
  for (const part of ['dist', 'package.json'])
    await cp(path.join(import.meta.dirname, '..', part), path.join(modules, '@mcp/otel', part), { recursive: true })
  const api = path.join(modules, '@opentelemetry/api')
  await cp(rootOf('@opentelemetry/api'), api, { recursive: true })
  const file = path.join(api, 'package.json')
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), version }))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

describe('an app under the register entry', () => {
  test('has the API of its own when it asks for it, and its spans arrive', async () => {
    const { stdout, stderr, spans } = await run({ args: ['--require', REGISTER, '-e', USE] })
    expect({ stdout, stderr, spans }).toEqual({ stdout: 'false\n', stderr: '', spans: ['made by the app'] })
  })

  test('that has loaded the API before is seen by what it has of it', async () => {
    const early = path.join(import.meta.dirname, 'fixtures/traces-early.cjs')
    const args = ['--require', early, '--require', REGISTER, '-e', `early(); ${USE}`]
    const { stdout, stderr, spans } = await run({ args })
    expect({ stdout, stderr, spans }).toEqual({
      stdout: 'true\n',
      stderr: '',
      spans: ['made early', 'made by the app'],
    })
  })

  test('that has another version of the API starts with that one', async () => {
    await using installed = await installWithApi('1.10.99')
    const { stdout, stderr, spans } = await run({
      args: ['--require', REGISTER, '-e', USE],
      cwd: installed.folder,
    })
    expect({ stdout, stderr, spans }).toEqual({ stdout: 'true\n', stderr: '', spans: ['made by the app'] })
  })
})

test.each(['start-directly.cjs', 'start-with-installed-api.cjs'])(
  '%s has what a start calls in parentheses, which V8 compiles along with it, and nothing else',
  async (file) => {
    const code = await readFile(path.join(import.meta.dirname, '../dist', file), 'utf8')
    const stands = (name: string) =>
      code.includes(`${name}=(function(`) ? 'in parentheses' : code.includes(`function ${name}(`) && 'as declared'
    expect(['readConfig', 'createHealth', 'sendAnswer', 'mergeHistograms'].map(stands)).toEqual([
      'in parentheses',
      'in parentheses',
      'as declared',
      'as declared',
    ])
  },
)
