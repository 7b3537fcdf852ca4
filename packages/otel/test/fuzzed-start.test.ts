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
const variables = [
  ...new Set([
    ...named.flatMap(({ setting }) => setting.env),
    ...checkedVariables.map(({ name }) => name),
    'MCP_OTEL_PROT',
    'MCP_OTEL_',
  ]),
]
// A host that has to be asked for takes as long as the network likes, a file may be any of the machine's, and a port
// somebody else's.
const OF_THEIR_OWN: readonly (readonly [RegExp, readonly string[]])[] = [
  [/HOST$/, ['', ' ', '127.0.0.1', '0.0.0.0', '::1', '[::1]', '256.1.1.1', 'a b', 'http://127.0.0.1', '127.0.0.1:9']],
  [/PORT$/, ['', ' ', '0', ' 0 ', '-1', '65536', '1.5', 'http', '0x0']],
  [/LOG_FILE$/, ['', ' ', 'mcp.log', 'app', 'app/app.cjs/mcp.log', 'no/such/folder/mcp.log', '/dev/full']],
  [/MCP_OTEL_CONFIG_FILE$/, ['', 'none', 'nowhere.json', 'nowhere', 'package.json', 'app', '/dev/null', '/dev/zero']],
  [/CONFIG_FILE$/, ['', ' ', 'nowhere.yaml', 'package.json', 'app/app.cjs', 'app', '/dev/null', '/dev/zero']],
  [/FLUSH_TIMEOUT$/, ['', '0', '1', '150', '-1', '1.5', 'soon', '99999999999']],
]
const LEFT_OUT = /host$|port$|file$|flushTimeoutMillis$/

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
      if (LEFT_OUT.test(at)) continue
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

/** All variables, each in one of the processes. */
const anyEnvironments = fc
  .tuple(
    fc.shuffledSubarray(variables, { minLength: variables.length }),
    fc.tuple(...variables.map((name) => anyValueOf(name).map((value) => [name, value] as const))),
  )
  .map(([order, values]) =>
    Array.from({ length: RUNS }, (_, at) => {
      const dealt = new Set(order.filter((_name, index) => index % RUNS === at))
      return Object.fromEntries(values.filter(([name]) => dealt.has(name)))
    }),
  )

function anyValueOf(name: string): fc.Arbitrary<string> {
  const [, own] = OF_THEIR_OWN.find(([names]) => names.test(name)) ?? []
  return own === undefined ? anyText : fc.constantFrom(...own)
}

const anyCases: fc.Arbitrary<Case[]> = fc
  .tuple(
    anyEnvironments,
    fc.array(fc.record({ options: fc.option(anyOptions, { nil: undefined }), file: anyFile }), {
      minLength: RUNS,
      maxLength: RUNS,
    }),
  )
  .map(([environments, rest]) => rest.map((each, at) => ({ env: environments[at] ?? {}, ...each })))

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

  const ports = 'MCP_OTEL_PORT' in env ? {} : { MCP_OTEL_PORT: '0' }
  const all = { MCP_OTEL_FLUSH_TIMEOUT: '200', ...ports, ...env }
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
  const [cases = []] = fc.sample(anyCases, 1)
  const batches = Array.from({ length: AT_ONCE }, (_, at) => cases.filter((_case, index) => index % AT_ONCE === at))

  test('every variable there is reaches one of the processes', () => {
    expect(cases.flatMap(({ env }) => Object.keys(env)).toSorted()).toEqual(variables.toSorted())
  })

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
