import { randomBytes } from 'node:crypto'
import { pathToFileURL } from 'node:url'

import { expect, test } from 'vitest'

import { exchangeText, open, readUntil, request } from './support/servers.ts'
import { fixturePath, startApp } from './support/start-app.ts'
import type { App } from './support/start-app.ts'

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: t\r\n\r\n`
const last = (path: string) => `GET ${path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n`

/** Sends `paths` pipelined on one connection; returns how many responses came. */
async function pipelined(port: number, paths: readonly string[]): Promise<number> {
  const text = paths.map((path, index) => (index === paths.length - 1 ? last(path) : get(path))).join('')
  return (await exchangeText(port, text)).split('HTTP/1.1 ').length - 1
}

async function abortBeforeHeaders(app: App, id: number): Promise<void> {
  const socket = await open(app.port)
  const reached = app.said()
  socket.write(get(`/silent/${id}`))
  expect(await reached).toEqual({ reached: String(id) })
  socket.destroy()
}

async function leaveEvents(port: number): Promise<void> {
  const socket = await open(port)
  socket.write(get('/events'))
  await readUntil(socket, 'data: 1')
  socket.destroy()
}

test.each([
  ['kinds.cjs', '--require', ['--require', fixturePath('telemetry.cjs')]],
  ['kinds.mjs', '--import', ['--import', pathToFileURL(fixturePath('telemetry.mjs')).href]],
  ['kinds.mjs', '--require', ['--require', fixturePath('telemetry.cjs')]],
])('%s under %s: requests of every kind give exactly their counts, in few series', async (fixture, _flag, flags) => {
  const app = await startApp(fixture, flags, 'own')
  const { port } = app
  const scanned = Array.from(
    { length: 5000 },
    () => `/${randomBytes(8).toString('hex')}?${randomBytes(4).toString('hex')}`,
  )
  for (let start = 0; start < scanned.length; start += 8)
    expect(await pipelined(port, scanned.slice(start, start + 8))).toBe(8)
  for (let id = 0; id < 40; id++) await request(port, 'GET', `/ok/${id}`)
  for (let id = 0; id < 30; id++) await request(port, 'HEAD', `/ok/${id}`)
  for (let round = 0; round < 20; round++) await request(port, 'GET', '/fails')
  for (let id = 0; id < 15; id++) await abortBeforeHeaders(app, id)
  for (let round = 0; round < 10; round++) await leaveEvents(port)
  for (let round = 0; round < 5; round++)
    expect(await pipelined(port, ['/ok/1', '/fails', '/nowhere', '/ok/2'])).toBe(4)

  const { counts, durations, active, spans } = await app.idleReport()
  expect(active).toEqual({ requests: 0, connections: 0 })
  expect(counts).toEqual({
    'GET unmatched 404': 5005,
    'GET /ok/:id 200': 50,
    'HEAD /ok/:id 200': 30,
    'GET /fails 500': 25,
    'GET /silent/:id 499': 15,
    'GET /events 200': 10,
  })
  expect(durations).toBe(5135)
  expect(spans.filter(({ isServer }) => isServer)).toHaveLength(5135)
  expect(new Set(spans.map(({ name }) => name))).toEqual(
    new Set(['GET', 'GET /ok/:id', 'HEAD /ok/:id', 'GET /fails', 'GET /silent/:id', 'GET /events']),
  )
})
