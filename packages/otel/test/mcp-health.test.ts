import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from '../../../test/support/app-process.ts'

const SERVER = path.join(root, 'packages/otel/test/fixtures/stdio-kinds.mjs')
const REVISION = '2026-07-28'

type Json = Readonly<Record<string, unknown>>

interface Answer {
  readonly result?: Json
  readonly error?: { readonly code: number; readonly message: string }
}

/** Speaks with a server over its pipes, a JSON-RPC request at a time. */
class Peer extends AppProcess {
  #id = 0
  readonly #isModern: boolean

  constructor(args: readonly string[], env: Record<string, string> = {}, isModern = false) {
    super(['--require', REGISTER, SERVER, ...args], {
      cwd: path.dirname(SERVER),
      env: { OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...env },
    })
    this.#isModern = isModern
  }

  async ask(method: string, params: Json = {}): Promise<Answer> {
    this.#id += 1
    const envelope = {
      'io.modelcontextprotocol/protocolVersion': REVISION,
      'io.modelcontextprotocol/clientInfo': { name: 'peer', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const sent = this.#isModern ? { ...params, _meta: envelope } : params
    this.#write({ jsonrpc: '2.0', id: this.#id, method, params: sent })
    const [line] = await this.sees(new RegExp(`^.*"id":${this.#id}[,}].*$`, 'm'))
    return JSON.parse(line) as Answer
  }

  /** Opens the connection, and returns the capabilities that the server has. */
  async open(): Promise<unknown> {
    if (this.#isModern) return (await this.ask('server/discover')).result?.['capabilities']
    const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'peer', version: '1' } }
    const { result } = await this.ask('initialize', hello)
    this.#write({ jsonrpc: '2.0', method: 'notifications/initialized' })
    return result?.['capabilities']
  }

  async names(method: 'tools/list' | 'resources/list'): Promise<unknown[]> {
    const names: unknown[] = []
    let cursor: unknown
    do {
      const { result } = await this.ask(method, cursor === undefined ? {} : { cursor })
      const entries = (result?.['tools'] ?? result?.['resources']) as { name: string }[]
      names.push(...entries.map(({ name }) => name))
      cursor = result?.['nextCursor']
    } while (cursor !== undefined)
    return names
  }

  #write(message: object): void {
    this.child.stdin?.write(`${JSON.stringify(message)}\n`)
  }
}

const textOf = ({ result }: Answer): string => {
  const parts = (result?.['content'] ?? result?.['contents']) as { text: string }[]
  return parts[0]?.text ?? ''
}

const callHealth = { name: 'health', arguments: {} }
const PUBLIC = ['status', 'version', 'uptime', 'queue_size', 'plugins']

const ways = [
  ['1', 'tools', 'initialize'],
  ['2', 'tools', 'initialize'],
  ['2', 'served', 'initialize'],
  ['2', 'served', REVISION],
] as const

test.concurrent.each(ways)(
  'major %s, %s by %s: health is a tool and a resource beside its own',
  async (major, kind, by) => {
    await using peer = new Peer([major, kind], { MCP_OTEL_MCP_HEALTH: 'both' }, by === REVISION)
    expect(await peer.open()).toMatchObject({ tools: { listChanged: true }, resources: { listChanged: true } })
    expect(await peer.names('tools/list')).toEqual(['work', 'health'])
    expect(await peer.names('resources/list')).toEqual(['note', 'health'])
    expect(textOf(await peer.ask('tools/call', { name: 'work', arguments: {} }))).toBe('done')
    expect(textOf(await peer.ask('resources/read', { uri: 'note://one' }))).toBe('the own one')

    const called = await peer.ask('tools/call', callHealth)
    const read = await peer.ask('resources/read', { uri: 'health://server' })
    for (const answer of [called, read]) {
      const body = JSON.parse(textOf(answer)) as Json
      expect(Object.keys(body)).toEqual(PUBLIC)
      expect(body['status']).toBe('degraded')
    }
    expect(called.result?.['structuredContent']).toMatchObject({ status: 'degraded' })
    expect(called.result?.['isError']).toBeUndefined()
    const page = await (await fetch(`${await peer.endpoint()}/metrics`)).text()
    expect(page).toContain('mcp_plugin_executions_total{plugin="kinds",command="health",status="success"} 1')
    expect(peer.stderr).not.toMatch(/cannot be offered|could not be/)
  },
)

test.concurrent.each([
  ['1', 'empty'],
  ['2', 'empty'],
  ['1', 'bare'],
  ['2', 'bare'],
])('major %s, %s: a server without anything has its health', async (major, kind) => {
  await using peer = new Peer([major, kind], { MCP_OTEL_MCP_HEALTH: 'both', MCP_OTEL_MCP_HEALTH_DETAILS: 'on' })
  expect(await peer.open()).toEqual({ tools: {}, resources: {} })
  expect(await peer.names('tools/list')).toEqual(['health'])
  expect(await peer.names('resources/list')).toEqual(['health'])
  expect((await peer.ask('resources/templates/list')).result).toEqual({ resourceTemplates: [] })
  const body = JSON.parse(textOf(await peer.ask('tools/call', callHealth))) as Json
  expect(body['checks']).toMatchObject({ store: { status: 'degraded', message: 'slow' } })
  for (const [method, params] of [
    ['tools/call', { name: 'none', arguments: {} }],
    ['resources/read', { uri: 'none://' }],
  ] as const) {
    expect((await peer.ask(method, params)).error?.code).toBe(-32_602)
  }
})

test.concurrent.each(['1', '2'])('major %s: a plain server that lists by pages has it on the last', async (major) => {
  await using peer = new Peer([major, 'plain'], { MCP_OTEL_MCP_HEALTH: 'tool' })
  expect(await peer.open()).toEqual({ tools: {} })
  expect(await peer.names('tools/list')).toEqual(['first', 'second', 'health'])
  expect(textOf(await peer.ask('tools/call', { name: 'second', arguments: {} }))).toBe('second')
  expect(JSON.parse(textOf(await peer.ask('tools/call', callHealth)))).toMatchObject({ status: 'degraded' })
})

test.concurrent.each(['1', '2'])('major %s: a tool and a resource of its own by these names stay', async (major) => {
  await using peer = new Peer([major, 'own'], { MCP_OTEL_MCP_HEALTH: 'both' })
  await peer.open()
  expect(textOf(await peer.ask('tools/call', callHealth))).toBe('the own one')
  expect(textOf(await peer.ask('resources/read', { uri: 'health://server' }))).toBe('the own one')
  expect(await peer.names('tools/list')).toEqual(['health'])
  expect(await peer.names('resources/list')).toEqual(['health'])
})

test('by default nothing is offered', async () => {
  await using peer = new Peer(['1', 'empty'])
  expect(await peer.open()).toEqual({})
  expect((await peer.ask('tools/list')).error?.code).toBe(-32_601)
})

test.concurrent.each([
  ['2', 'tool', ['work', 'health'], ['note']],
  ['1', 'resource', ['work'], ['note', 'health']],
] as const)('major %s: where a %s is asked for, that is what is offered', async (major, way, tools, resources) => {
  await using peer = new Peer([major, 'tools'], { MCP_OTEL_MCP_HEALTH: way })
  await peer.open()
  expect(await peer.names('tools/list')).toEqual(tools)
  expect(await peer.names('resources/list')).toEqual(resources)
})
