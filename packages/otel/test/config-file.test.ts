import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { readConfig } from '@mcp/otel-core'
import { describe, expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from '../../../test/support/app-process.ts'
import { findOldestNode } from '../../../test/support/components.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { loadConfigFile } from '../src/config-file/load-config-file.ts'

interface Folder extends AsyncDisposable {
  readonly path: string
  write(name: string, content: string): string
}

/** An app of its own: a folder with a package.json and, so that the register entry is found, our packages. */
async function appFolder(): Promise<Folder> {
  const folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-config-'))
  const write = (name: string, content: string): string => {
    const file = path.join(folder.path, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
    return file
  }
  write('package.json', '{ "name": "configured", "version": "1.2.3" }')
  symlinkSync(path.join(root, 'node_modules'), path.join(folder.path, 'node_modules'))
  return { path: folder.path, write, [Symbol.asyncDispose]: () => folder.remove() }
}

const load = (cwd: string, env: Record<string, string> = {}, entry?: string) => loadConfigFile({ env, cwd, entry })

describe('where it is looked for', () => {
  test('without a file nothing is read, and nothing is a problem', async () => {
    await using folder = await appFolder()
    expect(load(folder.path)).toEqual({ problems: [] })
  })

  test("beside the app's package.json, whatever the working directory", async () => {
    await using folder = await appFolder()
    const file = folder.write('mcp.otel.json', '{ "serviceName": "beside" }')
    const entry = folder.write('dist/deep/main.js', '')
    expect(load('/usr', {}, entry)).toEqual({
      path: file,
      settings: { name: file, options: { serviceName: 'beside' } },
      problems: [],
    })
  })

  test('in the working directory when the app is elsewhere, but only as JSON', async () => {
    await using app = await appFolder()
    await using cwd = await appFolder()
    const entry = app.write('main.js', '')
    cwd.write('mcp.otel.ts', 'throw new Error("not to be run")')
    expect(load(cwd.path, {}, entry)).toEqual({
      problems: [
        `mcp.otel.ts is not loaded: it is in the working directory, and the app is in ${app.path}; put it there, or set ` +
          'MCP_OTEL_CONFIG_FILE=mcp.otel.ts; it is ignored',
      ],
    })
    cwd.write('mcp.otel.json', '{ "banner": false }')
    expect(load(cwd.path, {}, entry).settings).toEqual({ name: 'mcp.otel.json', options: { banner: false } })
  })

  test('of a mebibyte and not a byte more, after a mark of its encoding or without', async () => {
    await using app = await appFolder()
    const content = '\uFEFF{ "serviceName": "large" }'
    const fill = 1_048_576 - Buffer.byteLength(content)
    const file = app.write('mcp.otel.json', content + ' '.repeat(fill))
    expect(load(app.path)).toEqual({ path: file, settings: expect.anything() as object, problems: [] })
    app.write('mcp.otel.json', content + ' '.repeat(fill + 1))
    expect(load(app.path).problems).toEqual([expect.stringContaining('it has 1048577 bytes, more than 1048576')])
    expect(load(app.path, { MCP_OTEL_CONFIG_FILE: ' None ' })).toEqual({ problems: [] })
  })

  test('one of several counts, and the others are named', async () => {
    await using folder = await appFolder()
    folder.write('mcp.otel.json', '{}')
    folder.write('mcp.otel.mjs', 'export default {}')
    const { problems, settings } = load(folder.path)
    expect(settings?.name).toBe('mcp.otel.json')
    expect(problems).toEqual([
      'mcp.otel.mjs is there beside mcp.otel.json; expected one configuration file; it is ignored',
    ])
  })

  test('where the variable says, and then nowhere else', async () => {
    await using folder = await appFolder()
    folder.write('mcp.otel.json', '{ "serviceName": "default" }')
    folder.write('deploy/other.json', '{ "serviceName": "other" }')
    const named = (file: string) => load(folder.path, { MCP_OTEL_CONFIG_FILE: file })
    expect(named('deploy/other.json').settings?.options).toEqual({ serviceName: 'other' })
    expect(named('none')).toEqual({ problems: [] })
    expect(named('nowhere.json')).toEqual({
      problems: [
        'MCP_OTEL_CONFIG_FILE is "nowhere.json"; expected the path of a file, and there is none; using no file',
      ],
    })
    expect(named('package.yaml').problems).toEqual([
      'MCP_OTEL_CONFIG_FILE is "package.yaml"; expected the path of a .json, .ts, .mjs, .cjs or .js file; using no file',
    ])
  })
})

describe('what cannot be used is said in one line', () => {
  test.each([
    ['json', '{\n  "endpoint": { "token": "hush", }\n}', 'line 2, column 34: property name expected'],
    ['json', '', 'line 1, column 1: value expected'],
    ['json', '{ "a": 1', 'line 1, column 9: close brace expected'],
    ['json', '{ "a": 1 // why\n}', 'line 1, column 10: invalid comment token'],
    ['json', '[1]', 'it holds an array; expected an object'],
    ['json', 'null', 'it holds null; expected an object'],
    ['ts', 'enum A { B }\nexport default {}', 'line 1: TypeScript enum is not supported in strip-only mode'],
    ['ts', '\n\nexport default { a: ', 'line 3: Expression expected'],
    ['ts', '\nthrow new Error("first\\nsecond")', 'line 2: first'],
    [
      'ts',
      'export default await Promise.resolve({})',
      'it awaits something at its top level, and the start of the app cannot wait',
    ],
    ['ts', 'export const a = 1', 'it has no default export'],
    ['mjs', 'export default () => {}', 'it holds a function; expected an object'],
    ['cjs', 'module.exports = Promise.resolve({})', 'it holds a promise; expected an object'],
    ['cjs', 'throw undefined', 'undefined'],
  ])('%s: %j', async (extension, content, reason) => {
    await using folder = await appFolder()
    const name = `mcp.otel.${extension}`
    const file = folder.write(name, content)
    expect(load(folder.path)).toEqual({
      path: file,
      problems: [`${name} cannot be used: ${reason}; correct it; using no file`],
    })
  })

  test('a directory, a pipe, a device, a gigabyte and a link to itself keep nobody waiting', async () => {
    await using folder = await appFolder()
    const at = (name: string) => path.join(folder.path, name)
    mkdirSync(at('directory.json'))
    expect(spawnSync('mkfifo', [at('pipe.json')]).status).toBe(0)
    symlinkSync('/dev/zero', at('device.mjs'))
    folder.write('large.ts', '')
    truncateSync(at('large.ts'), 2 ** 30)
    symlinkSync(at('loop.json'), at('loop.json'))
    const reasons = ['directory.json', 'pipe.json', 'device.mjs', 'large.ts', 'loop.json'].map(
      (file) => load(folder.path, { MCP_OTEL_CONFIG_FILE: file }).problems[0],
    )
    expect(reasons).toEqual([
      expect.stringContaining('cannot be used: it is a directory; '),
      expect.stringContaining('cannot be used: it is no regular file; '),
      expect.stringContaining('cannot be used: it is no regular file; '),
      expect.stringContaining('cannot be used: it has 1073741824 bytes, more than 1048576; '),
      expect.stringContaining('cannot be used: ELOOP'),
    ])
  })
})

const file = (options: object) => ({ name: 'mcp.otel.json', options })

describe('what it sets', () => {
  test('counts after options and the environment, and before the default', () => {
    const given = file({ endpoint: { port: 1 }, metrics: { seriesLimit: 2 }, flushTimeoutMillis: 3, banner: null })
    const env = { MCP_OTEL_PORT: '11', MCP_OTEL_SERIES_LIMIT: '12' }
    const { config, origins, problems } = readConfig({ env, options: { endpoint: { port: 21 } }, file: given })
    expect(problems).toEqual([])
    expect([config.endpoint.port, config.metrics.seriesLimit, config.flushTimeoutMillis, config.banner]).toEqual([
      21,
      12,
      3,
      true,
    ])
    expect(['endpoint.port', 'metrics.seriesLimit', 'flushTimeoutMillis', 'banner'].map((at) => origins[at])).toEqual([
      'options.endpoint.port',
      'MCP_OTEL_SERIES_LIMIT',
      'mcp.otel.json: flushTimeoutMillis',
      'default',
    ])
  })

  test('is named with file and path when it is wrong', () => {
    const options = { endpoint: { port: 'x', token: 'hüsh' }, traces: [], endpiont: {}, $schema: 'here' }
    expect(readConfig({ env: { MCP_OTEL_PORT: '7' }, file: file(options) }).problems).toEqual([
      'mcp.otel.json: endpoint.port is "x"; expected an integer from 0 to 65535; using 7 from MCP_OTEL_PORT',
      'mcp.otel.json: endpoint.token is [redacted, 4 characters]; expected a bearer token: letters, digits and -._~+/=; using none',
      'mcp.otel.json: traces is []; expected an object; using the defaults',
      'mcp.otel.json: endpiont is not an option; did you mean mcp.otel.json: endpoint? It is ignored',
    ])
  })

  test('switches exports on as the variable does', () => {
    const { config } = readConfig({ file: file({ otlp: { endpoint: 'http://collector:4318' } }) })
    expect(config.traces.exporters).toEqual(['otlp'])
  })
})

describe.concurrent.each(['--require', '--import'])('under %s', (flag) => {
  test.each([
    ['mcp.otel.json', '{ "serviceName": "from-file", "endpoint": { "port": 0 } }'],
    [
      'mcp.otel.ts',
      'import type { StartOptions } from "@mcp/otel"\n' +
        'export default { serviceName: "from-file", endpoint: { port: 0 }, http: { route: (): string => "/x" } } satisfies StartOptions',
    ],
  ])('%s is in force before the app runs', async (name, content) => {
    await using folder = await appFolder()
    folder.write(name, content)
    const entry = folder.write(
      'app.mjs',
      `import { getTelemetry } from '@mcp/otel'
       console.log(getTelemetry().config.serviceName, getTelemetry().problems.length)`,
    )
    await using app = new AppProcess([flag, REGISTER, entry], { cwd: folder.path })
    expect(await app.exit()).toEqual({ code: 0, signal: null })
    expect(app.stdout).toBe('from-file 0\n')
    expect(app.stderr).toMatch(/^\[mcp-otel\] @mcp\/otel \S+ observes from-file 1\.2\.3: http:[^\n]+\n$/)
  })

  test('a file that is broken is one line on stderr, and the app runs as it would', async () => {
    await using folder = await appFolder()
    folder.write('mcp.otel.ts', 'export default {')
    const entry = folder.write('app.cjs', 'console.log("up")')
    await using app = new AppProcess([flag, REGISTER, entry], {
      cwd: folder.path,
      env: { MCP_OTEL_PORT: '0', MCP_OTEL_BANNER: 'off' },
    })
    expect(await app.exit()).toEqual({ code: 0, signal: null })
    expect(app.stdout).toBe('up\n')
    expect(app.stderr).toMatch(
      /^\[mcp-otel\] mcp\.otel\.ts cannot be used: line 1: [^\n]+; correct it; using no file\n$/,
    )
  })
})

test('what only code can give is taken from a module, and options of start() replace it', async () => {
  await using folder = await appFolder()
  folder.write(
    'mcp.otel.cjs',
    `module.exports = { endpoint: { port: 0 }, http: { route: () => '/by-file', redactQuery: () => '' } }`,
  )
  const entry = folder.write(
    'app.cjs',
    `const telemetry = require('@mcp/otel').start(process.env.WITH_ROUTE ? { http: { route: () => '/by-code' } } : {})
     const server = require('node:http').createServer((request, response) => response.end())
     server.listen(0, '127.0.0.1', async () => {
       await (await fetch('http://127.0.0.1:' + server.address().port)).text()
       const page = await (await fetch((await telemetry.endpoint.ready) + '/metrics')).text()
       console.log(/mcp_requests_total\\{[^}]*endpoint="([^"]*)"/.exec(page)?.[1])
       process.exit()
     })`,
  )
  const routes = await Promise.all(
    [{}, { WITH_ROUTE: '1' }].map(async (env) => {
      await using app = new AppProcess([entry], { cwd: folder.path, env })
      await app.exit()
      return app.stdout
    }),
  )
  expect(routes).toEqual(['/by-file\n', '/by-code\n'])
})

testWith(
  await findOldestNode(),
  'the oldest Node loads what is no TypeScript, and says why not the rest',
  async (node) => {
    await using folder = await appFolder()
    const entry = folder.write('app.cjs', '')
    const env = { MCP_OTEL_PORT: '0' }
    folder.write('mcp.otel.ts', 'export default { serviceName: "typed" as string }')
    await using typed = new AppProcess(['--require', REGISTER, entry], { cwd: folder.path, env, node })
    await typed.exit()
    expect(typed.stderr).toMatch(
      /^\[mcp-otel\] mcp\.otel\.ts cannot be used: this Node\.js does not load TypeScript by itself; /,
    )
    const other = folder.write('other.mjs', 'export default { serviceName: "from-mjs" }')
    const named = { ...env, MCP_OTEL_CONFIG_FILE: other }
    await using plain = new AppProcess(['--require', REGISTER, entry], { cwd: folder.path, env: named, node })
    await plain.exit()
    expect(plain.stderr).toMatch(/^\[mcp-otel\] @mcp\/otel \S+ observes from-mjs /)
  },
)
