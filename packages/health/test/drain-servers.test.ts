import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { ClientHttp2Session, Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'

import { expect, onTestFinished, test, vi } from 'vitest'

import { drainServers, drainTracked } from '../src/drain-servers.ts'
import type { DrainableServer } from '../src/drain-servers.ts'
import { trackSessions } from '../src/http2-sessions.ts'
import { createTestHealth } from './support/create-test-health.ts'
import { ask, serve } from './support/serve.ts'

/** A drain whose grace period ends when the test says so. */
function createGrace() {
  const over = Promise.withResolvers<void>()
  return { drain: () => over.promise, end: () => over.resolve() }
}

async function listen(server: Http2Server): Promise<ClientHttp2Session> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    client.destroy()
    server.close()
  })
  return client
}

async function get(client: ClientHttp2Session, path: string): Promise<string> {
  const stream = client.request({ ':path': path })
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += String(chunk)
  return text
}

/** Serves `/held`, which is answered when told to, and anything else at once. */
function createHeld() {
  const arrived = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const answer = async (path: string, end: (text: string) => unknown): Promise<void> => {
    if (path === '/held') {
      arrived.resolve()
      await released.promise
    }
    end(`answer to ${path}`)
  }
  return { answer, arrived: arrived.promise, release: () => released.resolve() }
}

test.each(['request', 'stream'] as const)(
  'over HTTP/2, by %s listeners, clients are told to go elsewhere, and no request of theirs is dropped',
  async (kind) => {
    const { answer, arrived, release } = createHeld()
    const server = createHttp2Server()
    if (kind === 'request') server.on('request', ({ url }, response) => void answer(url, (text) => response.end(text)))
    else server.on('stream', (stream, headers) => void answer(headers[':path'] ?? '', (text) => stream.end(text)))
    const sessions = [trackSessions(server)]
    const client = await listen(server)
    const other = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(() => other.destroy())
    const held = get(client, '/held')
    await arrived
    expect(await get(other, '/before')).toBe('answer to /before')

    const grace = createGrace()
    const told = once(other, 'goaway')
    const drained = drainTracked(grace, { servers: [server], timeout: 60_000 }, sessions)
    expect(await get(other, '/in-grace')).toBe('answer to /in-grace')
    const [code] = (await told) as [number]
    expect(code).toBe(0)
    const late = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(() => late.destroy())
    expect(await get(late, '/late')).toBe('answer to /late')

    const closing = once(client, 'goaway')
    grace.end()
    await closing
    release()
    expect(await held).toBe('answer to /held')
    expect(await drained).toBe(true)
    expect(server.listening).toBe(false)
  },
)

test('over HTTP/2, a request that outlives the timeout is cut off', async () => {
  const { answer, arrived } = createHeld()
  const server = createHttp2Server(({ url }, response) => void answer(url, (text) => response.end(text)))
  const sessions = [trackSessions(server)]
  const client = await listen(server)
  client.on('error', () => {})
  const held = get(client, '/held').then(
    (text) => text,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  )
  await arrived
  const options = { servers: [server], gracePeriod: 0, timeout: 10 }
  expect(await drainTracked(createTestHealth(), options, sessions)).toBe(false)
  expect(await held).not.toBe('answer to /held')
})

test('a server that does not listen is drained at once, several are drained together', async () => {
  const health = createTestHealth()
  const origin = await serve((_request, response) => void response.end('hello'))
  expect((await ask(origin)).text).toBe('hello')
  const servers = [createServer(), createHttp2Server(), createServer().listen(0, '127.0.0.1')]
  expect(await drainServers(health, { servers, gracePeriod: 0 })).toBe(true)
})

test('a drain leaves no timer behind, which would keep the process from its end, and no listener that none had', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const listened: string[] = []
  let cutOff = 0
  const server = (close: DrainableServer['close']): DrainableServer => ({
    listening: true,
    close,
    listenerCount: () => 0,
    prependListener: (event) => listened.push(event),
    closeAllConnections: () => void (cutOff += 1),
  })
  const health = { drain: () => Promise.resolve() }
  const closing = server((closed) => queueMicrotask(closed))
  expect(await drainServers(health, { servers: [closing] })).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
  const hanging = drainServers(health, { servers: [closing, server(() => {})], timeout: 300 })
  await vi.advanceTimersByTimeAsync(299)
  expect(cutOff).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(await hanging).toBe(false)
  expect([cutOff, vi.getTimerCount()]).toEqual([1, 0])
  expect(listened).not.toContain('request')
})
