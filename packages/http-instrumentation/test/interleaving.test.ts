import { createServer } from 'node:http'
import type { Server } from 'node:http'

import { array, assert, asyncProperty, integer } from 'fast-check'
import { expect, test } from 'vitest'

import { observe } from './support/observation.ts'
import { exchangeText, listen, open, readToEnd, readUntil } from './support/servers.ts'

/** Lets a client wait until its request is with its handler. */
class Arrivals {
  readonly #waiting = new Map<string, () => void>()

  async of(path: string): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.set(path, resolve))
  }

  arrived(path: string): void {
    this.#waiting.get(path)?.()
  }
}

function createKindsServer(arrivals: Arrivals): Server {
  const server = createServer((req, res) => {
    const [, kind, delay] = (req.url ?? '').split('/')
    if (kind === 'ok') setTimeout(() => res.end('done'), Number(delay))
    else if (kind === 'fail') res.writeHead(500).end()
    else if (kind === 'events') res.writeHead(200).write('data: 1\n\n')
    else if (kind === 'drop') req.socket.destroy()
    else if (kind === 'echo') req.pipe(res)
    else if (kind !== 'silent') res.writeHead(404).end()
    arrivals.arrived(req.url ?? '')
  })
  server.on('upgrade', (_req, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
  return server
}

interface Kind {
  /** What it must count as. */
  readonly counts: string
  readonly run: (port: number, arrivals: Arrivals, id: number) => Promise<unknown>
}

const text = (line: string, more = '') => `${line} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n${more}\r\n`

const KINDS: readonly Kind[] = [
  { counts: 'GET /ok/:delay 200', run: (port, _arrivals, id) => exchangeText(port, text(`GET /ok/${id % 5}`)) },
  { counts: 'HEAD /ok/:delay 200', run: (port, _arrivals, id) => exchangeText(port, text(`HEAD /ok/${id % 5}`)) },
  { counts: 'GET unmatched 404', run: (port, _arrivals, id) => exchangeText(port, text(`GET /nowhere/${id}/x`)) },
  { counts: 'GET /fail 500', run: (port) => exchangeText(port, text('GET /fail')) },
  { counts: 'GET /drop 444', run: (port) => exchangeText(port, text('GET /drop')) },
  { counts: 'GET /fail 500', run: (port) => exchangeText(port, 'GET /fail HTTP/1.0\r\n\r\n') },
  {
    counts: 'GET /ok/:delay 400',
    run: (port) => exchangeText(port, 'GET /ok/0 HTTP/1.1\r\nConnection: close\r\n\r\n'),
  },
  { counts: '_OTHER unmatched 400', run: (port) => exchangeText(port, 'not http\r\n\r\n') },
  { counts: 'GET /chat 101', run: (port) => exchangeText(port, UPGRADE) },
  {
    counts: 'POST /echo 200',
    run: async (port) => {
      const socket = await open(port)
      socket.write(text('POST /echo', 'Content-Length: 2\r\nExpect: 100-continue\r\n'))
      await readUntil(socket, '100 Continue')
      socket.write('ok')
      await readToEnd(socket)
    },
  },
  {
    counts: 'GET /events 200',
    run: async (port) => {
      const socket = await open(port)
      socket.write(text('GET /events'))
      await readUntil(socket, 'data: 1')
      socket.destroy()
    },
  },
  {
    counts: 'GET /silent/:id 499',
    run: async (port, arrivals, id) => {
      const socket = await open(port)
      const arrival = arrivals.of(`/silent/${id}`)
      socket.write(text(`GET /silent/${id}`))
      await arrival
      if (id % 2 === 0) socket.destroy()
      else socket.resetAndDestroy()
    },
  },
]

const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'
const ROUTES = ['/ok/:delay', '/fail', '/drop', '/events', '/echo', '/silent/:id', '/chat']

test('whatever kinds of requests run beside each other, each is counted once, as what it is', async () => {
  await assert(
    asyncProperty(
      array(array(integer({ min: 0, max: KINDS.length - 1 }), { maxLength: 6 }), { maxLength: 8 }),
      async (lanes) => {
        const seen = observe({ routes: ROUTES })
        const arrivals = new Arrivals()
        const server = createKindsServer(arrivals)
        const port = await listen(server)
        const kinds = lanes.map((lane) => lane.map((index) => KINDS[index] as Kind))
        let id = 0
        await Promise.all(
          kinds.map(async (lane) => {
            for (const kind of lane) await kind.run(port, arrivals, id++)
          }),
        )
        await seen.idle()
        const expected: Record<string, number> = {}
        for (const { counts } of kinds.flat()) expected[counts] = (expected[counts] ?? 0) + 1
        expect(await seen.counts()).toEqual(expected)
        const spans: Record<string, number> = {}
        for (const { attributes } of seen.serverSpans()) {
          const route = (attributes['http.route'] as string | undefined) ?? 'unmatched'
          const key = `${String(attributes['http.request.method'])} ${route} ${String(attributes['http.response.status_code'])}`
          spans[key] = (spans[key] ?? 0) + 1
        }
        // What could not be read is no request, and has no span.
        const { '_OTHER unmatched 400': _unreadable, ...requests } = expected
        expect(spans).toEqual(requests)
        seen.instrumentation.disable()
        server.close()
      },
    ),
    { numRuns: 40 },
  )
})
