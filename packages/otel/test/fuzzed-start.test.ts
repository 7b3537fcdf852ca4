import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { checkedVariables, listSettings, readConfig, settings } from '@mcp/otel-core'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from '../../../test/support/app-process.ts'
import { loadConfigFile } from '../src/config-file/load-config-file.ts'
import { CODE_OPTIONS } from '../src/options.ts'
import { withoutReplaced } from '../src/sdk/declared-sdk.ts'

/** Processes are dear: so many a run, and new ones with each new seed. */
const RUNS = 16
const AT_ONCE = 4

const WORDS = ['', 'on', 'off', 'true', 'none', 'otlp', 'console', 'grpc', 'delta', '0', '-1', '1e9', '99999999999']
const MORE = ['http://127.0.0.1:9', '127.0.0.1:9', 'ftp://u:p@x', '%zz', 'a=b', '=', ',', '::1', '[', '../..', 'a\nb']

const named = listSettings(settings)
// A name that has to be asked for takes as long as the network likes, and a file that is written to stays.
const LEFT_OUT = /HOST$|LOG_FILE$|FLUSH_TIMEOUT$|CONFIG_FILE$|PROMETHEUS_PORT$/
const variables = [
  ...named.flatMap(({ setting }) => setting.env),
  ...checkedVariables.map(({ name }) => name),
  'MCP_OTEL_PROT',
  'MCP_OTEL_',
].filter((name) => !LEFT_OUT.test(name))

const anyText = fc.oneof(
  fc.constantFrom(...WORDS, ...MORE),
  fc.string().map((text) => text.replaceAll('\0', '')),
)
const anyValue = fc.oneof(
  anyText,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(anyText),
  fc.object({ maxDepth: 1 }),
)
const anyOptions = fc
  .array(
    fc.tuple(fc.constantFrom(...named.map(({ path: at }) => at), 'endpoint', 'traces.batch', 'nothing'), anyValue),
    {
      maxLength: 5,
    },
  )
  .map((entries) => {
    const options: Record<string, unknown> = {}
    for (const [at, value] of entries) {
      const [group = '', name] = at.split('.')
      if (LEFT_OUT.test(at) || /host$|file$|flushTimeoutMillis$/.test(at)) continue
      if (name === undefined) options[group] = value
      else options[group] = { ...(options[group] as object), [name]: value }
    }
    // As it arrives in another process.
    return JSON.parse(JSON.stringify(options)) as object
  })

const anyFile = fc.oneof(
  fc.tuple(
    fc.constant('json'),
    fc.oneof(
      anyOptions.map((options) => JSON.stringify(options)),
      fc.json(),
      fc.string(),
    ),
  ),
  fc.tuple(
    fc.constantFrom('ts', 'mjs', 'cjs'),
    fc.oneof(
      anyOptions.map((options) => `export default ${JSON.stringify(options)}`),
      fc.constantFrom('', 'export default', 'throw null', 'await 1', 'module.exports = 3', 'import "nowhere"'),
    ),
  ),
  fc.constant(undefined),
)

interface Case {
  readonly env: Record<string, string>
  readonly options: object | undefined
  readonly file: [string, string] | undefined
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  env: fc.dictionary(fc.constantFrom(...variables), anyText, { maxKeys: 6 }),
  options: fc.option(anyOptions, { nil: undefined }),
  file: anyFile,
})

const APP = `
const { OPTIONS } = process.env
if (OPTIONS !== undefined) require('@mcp/otel').start(JSON.parse(OPTIONS))
require('node:http').createServer().listen(0, '127.0.0.1', function () { this.close(() => console.log('the app is up')) })`

/** A line as it comes to stderr. */
const asLine = (problem: string) => `[mcp-otel] ${problem.replaceAll(/\s*[\r\n]+\s*/g, ' ')}`

async function start({ env, file, options }: Case) {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-fuzz-'))
  writeFileSync(path.join(folder.path, 'package.json'), '{ "name": "fuzzed" }')
  symlinkSync(path.join(root, 'node_modules'), path.join(folder.path, 'node_modules'))
  mkdirSync(path.join(folder.path, 'app'))
  const entry = path.join(folder.path, 'app', 'app.cjs')
  writeFileSync(entry, APP)
  if (file !== undefined) writeFileSync(path.join(folder.path, `mcp.otel.${file[0]}`), file[1])

  const all = { MCP_OTEL_FLUSH_TIMEOUT: '200', OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...env }
  const preload = options === undefined ? ['--require', REGISTER] : []
  const given = options === undefined ? {} : { OPTIONS: JSON.stringify(options) }
  await using app = new AppProcess([...preload, entry], { cwd: folder.path, env: { ...all, ...given } })
  const end = await app.exit()

  const found = loadConfigFile({ env: all, cwd: folder.path, entry })
  const replaced = withoutReplaced(all)
  const read = readConfig({ env: replaced.env, options, otherOptions: CODE_OPTIONS, file: found.settings })
  const expected = [...found.problems, ...replaced.problems, ...read.problems].map(asLine)
  return { end, app, config: read.config, expected }
}

describe('whatever environment, options and configuration file are', () => {
  const cases = fc.sample(anyCase, RUNS)
  const batches = Array.from({ length: AT_ONCE }, (_, at) => cases.filter((_case, index) => index % AT_ONCE === at))

  test.concurrent.each(batches.map((batch, index) => [index + 1, batch] as const))(
    'the app starts and ends as it would, and every mistake is a line (batch %i)',
    async (_index, batch) => {
      for (const each of batch) {
        const { app, config, end, expected } = await start(each)
        const context = `${JSON.stringify(each)}\n${app.stderr}`
        expect(end, context).toEqual({ code: 0, signal: null })
        expect(app.stdout, context).toContain('the app is up\n')
        if (config.disabled) continue
        const lines = app.stderr.split('\n')
        const unsaid = config.logLevel === 'none' ? [] : expected.filter((line) => !lines.includes(line))
        expect(unsaid, context).toEqual([])
        const told = lines.filter((line) => line.includes('] @mcp/otel 0.0.0 observes '))
        expect(told, context).toHaveLength(config.banner ? 1 : 0)
      }
    },
    120_000,
  )
})
