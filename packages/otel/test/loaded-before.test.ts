import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { scrapeUntil } from '../../../test/support/scrape.ts'

const ENV = { MCP_OTEL_PORT: '0', MCP_OTEL_BANNER: 'off' }

/** What we have said of what came too early. */
const saidOf = ({ stderr }: AppProcess) => stderr.split('\n').filter((line) => line.includes(' loaded before '))

/** Runs a script to its end, which says that it has come there. */
async function linesOf(args: readonly string[], script: string): Promise<string[]> {
  await using app = new AppProcess([...args, '-e', `${script}\nconsole.log('the app goes on')`], { env: ENV })
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  expect(app.stdout).toBe('the app goes on\n')
  return saidOf(app)
}

const fixture = (name: string) => path.join(import.meta.dirname, 'fixtures', name)

const ESM = ['--input-type=module']
const before = (what: string, instead: string) =>
  `[mcp-otel] loaded before @mcp/otel, and so not observed by themselves: ${what}; have @mcp/otel/register, or the file ` +
  `that calls start(), loaded by node --import, or ${instead}`
const MCP = before('servers and clients of the Model Context Protocol', 'call instrumentMcp() with their classes')
const HONO = before('the routes of Hono', 'put app.use(honoRoute()) before all routes')
const FASTQ = before('queues of fastq', 'call instrumentQueue() with each')

const start = `import { start } from '@mcp/otel'; start();`
const require = `require('@mcp/otel').start();`

test.concurrent.each<[string, string[], string, string[]]>([
  [
    'imported by the module that calls start() is named',
    ESM,
    `${start} import '@modelcontextprotocol/sdk/server/mcp.js'; import 'hono'`,
    [MCP, HONO],
  ],
  ['imported only later is not', ESM, `${start} await import('p-queue')`, []],
  ['imported without a need to be seen is not', ESM, `${start} import 'express'; import 'fastify'`, []],
  [
    'imported after a file under --import has called start() is not',
    [...ESM, '--import', fixture('start-first.mjs')],
    `import 'p-queue'; import 'hono'`,
    [],
  ],
  ['imported under --import is not', [...ESM, '--import', REGISTER], `import 'p-queue'; import 'hono'`, []],
  [
    'required before start() is not where its classes can still be observed',
    [],
    `require('hono'); require('bullmq'); ${require}`,
    [],
  ],
  ['required only by another package is not', [], `require('fastify'); ${require}`, []],
])('what was %s', async (_what, args, script, expected) => {
  expect((await linesOf(args, script)).toSorted()).toEqual(expected.toSorted())
})

test.each<[string, string[], string[]]>([
  ['has hold of is named', [], [FASTQ]],
  ['requires under --require is not', ['--require', REGISTER], []],
])('a function that the app %s', async (_what, args, expected) => {
  await using app = new AppProcess([...args, fixture('required-before.cjs')], { env: ENV })
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  expect(app.stdout).toBe('the app goes on\n')
  expect(saidOf(app)).toEqual(expected)
})

test('what was imported is found out without a look that V8 answers by slower promises for good', async () => {
  const script = `${start} import '@modelcontextprotocol/sdk/server/mcp.js'`
  await using app = new AppProcess([...ESM, '--trace-protector-invalidation', '-e', script], { env: ENV })
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  expect(saidOf(app)).toEqual([MCP])
  expect(app.stdout).not.toContain('PromiseHook')
})

test('what was required before an instrumentation that the app brings is named', async () => {
  const script = `
    const { InstrumentationBase, InstrumentationNodeModuleDefinition } = require('@opentelemetry/instrumentation')
    class Brought extends InstrumentationBase {
      init() { return [new InstrumentationNodeModuleDefinition('express', ['*'], (it) => it)] }
    }
    const { start } = require('@mcp/otel')
    if (process.env.EARLY !== undefined) require('express')
    start({ instrumentations: [new Brought('brought', '1.0.0', {})] })`
  expect(await linesOf([], script)).toEqual([])
  expect(await linesOf([], `process.env.EARLY = 'yes'\n${script}`)).toEqual([
    '[mcp-otel] loaded before start(), and so not observed by brought: express; call start() in a file that --require or ' +
      '--import loads before the app',
  ])
})

test('a framework that is loaded before us has its routes told apart all the same', async () => {
  const script = `
    const app = require('express')()
    app.get('/users/:id', (request, response) => response.send('a user'))
    app.listen(0, '127.0.0.1', function () { console.log('listening on http://127.0.0.1:' + this.address().port) })`
  const args = ['--require', 'express', '--require', REGISTER, '-e', script]
  await using app = new AppProcess(args, { env: { MCP_OTEL_PORT: '0' } })
  const [endpoint, [, url]] = await Promise.all([app.endpoint(), app.sees(/listening on (\S+)/)])
  await fetch(`${url}/users/7`)
  const counted = '{method="GET",endpoint="/users/:id",status="200"}'
  const page = await scrapeUntil(endpoint, (it) => it.of('mcp_requests_total')[counted] === 1)
  expect(page.of('mcp_requests_total')).toEqual({ [counted]: 1 })
  expect(saidOf(app)).toEqual([])
})
