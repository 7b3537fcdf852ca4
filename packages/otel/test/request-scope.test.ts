import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'

import { ENTER_CONTEXT } from '@mcp/otel-core'
import { trace } from '@opentelemetry/api'
import { expect, onTestFinished, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { CERTIFICATE } from '../../http-instrumentation/test/support/certificate.ts'
import { start } from '../src/index.ts'
import { createContextManager } from '../src/sdk/context-manager.ts'

const active = (): string | undefined => trace.getActiveSpan()?.spanContext().spanId

const post = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody`

const servers: Record<string, (handler: RequestListener) => Server> = {
  http: (handler) => createServer(handler),
  https: (handler) => createHttpsServer(CERTIFICATE, handler),
}

test('the context manager enters contexts where Node ends them with its own calls', () => {
  const isKept = Number(process.versions.node.split('.')[0]) >= 24
  expect(ENTER_CONTEXT in createContextManager()).toBe(isKept)
})

test('the context manager enters none where the app has chosen contexts that stay with a connection', async () => {
  const module = join(import.meta.dirname, '../src/sdk/context-manager.ts')
  const script = `import(${JSON.stringify(module)}).then(({ createContextManager }) =>
    console.log(Object.getOwnPropertySymbols(createContextManager()).length))`
  const chosen = Number(process.versions.node.split('.')[0]) >= 24 ? ['--no-async-context-frame'] : []
  await using app = new AppProcess([...chosen, '--conditions=@mcp/source', '-e', script])
  await app.exit()
  expect([app.stdout, app.stderr]).toEqual(['0\n', ''])
})

test('nothing of ours stays active in the app, which each of its requests would copy', async () => {
  const script = `console.log(require('internal/async_context_frame').current())`
  await using app = new AppProcess(['--expose-internals', '--require', REGISTER, '-e', script], {
    env: { MCP_OTEL_PORT: '0' },
  })
  await app.exit()
  expect(app.stdout).toBe('undefined\n')
})

/** Returns the events that an app sees by something of its own in the place of every `emit`, put there before `then` is done. */
async function eventsOfResponse(then: string): Promise<string> {
  const script = `
    const { EventEmitter } = require('node:events')
    const { createServer, get, ServerResponse } = require('node:http')
    const { emit } = EventEmitter.prototype
    const seen = []
    EventEmitter.prototype.emit = function (...args) {
      if (this instanceof ServerResponse) seen.push(args[0])
      return Reflect.apply(emit, this, args)
    }
    ${then}
    const server = createServer((_request, response) => response.end('ok'))
    server.listen(0, '127.0.0.1', () => {
      get({ port: server.address().port, host: '127.0.0.1', agent: false }, (response) => response.resume().on('close', () => {
        server.close(() => { console.log(seen.join()); process.exit() })
      }))
    })`
  await using app = new AppProcess(['-e', script], { env: { MCP_OTEL_PORT: '0' } })
  await app.exit()
  return app.stdout
}

test('what somebody has put in the place of every emit before us sees all events of requests, listened to or not', async () => {
  const without = await eventsOfResponse('')
  expect(without).toContain('prefinish')
  expect(await eventsOfResponse(`require(${JSON.stringify(REGISTER)})`)).toBe(without)
})

test.each(['http', 'https'])(
  'requests pipelined over %s run in their own contexts, which end with them',
  async (scheme) => {
    const telemetry = start({ banner: false, endpoint: { enabled: false }, http: { clientSpans: false } })
    onTestFinished(() => telemetry.shutdown())
    const outside: unknown[] = []
    const note = (): void => void outside.push(active())
    channel('http.server.request.start').subscribe(note)
    onTestFinished(() => {
      channel('http.server.request.start').unsubscribe(note)
    })

    const inside = new Map<string, Set<string | undefined>>()
    const server = servers[scheme]!(async (request, response) => {
      const path = request.url ?? ''
      const here = (): void => void inside.set(path, (inside.get(path) ?? new Set()).add(active()))
      here()
      request.on('end', here).resume()
      response.on('finish', here).on('close', here)
      await setTimeout(Number(path.slice(1)) % 3)
      here()
      response.end()
    })
    server.on('connection', (socket) => {
      note()
      socket.on('close', note)
    })
    server.on('clientError', (_error, socket) => {
      note()
      socket.destroy()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const closed = once(server, 'clientError')

    const options = { port, host: '127.0.0.1', rejectUnauthorized: false }
    const client = scheme === 'http' ? connect(options) : connectTls(options)
    client.on('error', () => {})
    let received = ''
    client.setEncoding('latin1').on('data', (text: string) => (received += text))
    const paths = Array.from({ length: 9 }, (_, index) => `/${index}`)
    client.write(paths.map(post).join(''))
    await expect.poll(() => received.match(/200 OK/g)?.length, { timeout: 20_000 }).toBe(paths.length)
    // What follows a request in the same piece of data is no longer its own.
    client.write(`${post('/9')}this is not HTTP\r\n\r\n`)
    await closed
    await expect.poll(() => inside.size, { timeout: 20_000 }).toBe(paths.length + 1)

    expect(outside.filter((id) => id !== undefined)).toEqual([])
    expect(outside.length).toBeGreaterThan(paths.length + 2)
    const ids = [...inside.values()].map((seen) => [...seen])
    expect(ids.map((seen) => seen.length)).toEqual(ids.map(() => 1))
    expect(new Set(ids.flat()).size).toBe(paths.length + 1)
    expect(ids.flat()).not.toContain(undefined)
  },
)
