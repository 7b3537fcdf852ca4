/**
 * What ten thousand probes at once cost, beside a bare `node:http` server that answers the same bytes.
 *
 *   npm run build && node bench/health-probes.ts [--probes=10000] [--rounds=3] [--path=/readyz]
 *
 * A server and a client are processes of their own. The client opens a connection for each probe, waits until all are
 * open, and sends one request over each at once. Two times are told for each probe: at the client, from sending to the end
 * of the answer, where the kernel and the server's parsing of ten thousand requests are most of it; and at the server, from
 * its `request` event to the end of the answer. `bare` and `health` take turns. Health has three checks of 20 ms that
 * nobody has asked before, so that the probes wait for them; they must have run once each.
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { createHealth } from '@mcp/otel-health'

const { values } = parseArgs({
  options: {
    role: { type: 'string', default: 'compare' },
    kind: { type: 'string', default: 'health' },
    probes: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    path: { type: 'string', default: '/readyz' },
    port: { type: 'string', default: '0' },
  },
})
const probes = Number(values.probes)
const CHECK_MILLIS = 20

interface Served {
  /** Milliseconds from the request's event to the end of its answer, of each. */
  readonly times: readonly number[]
  /** Runs of each check. */
  readonly runs: readonly number[]
}

if (values.role === 'server') serve()
else if (values.role === 'client') await probeAll()
else await compare()

/** Prints both servers' times, round by round. */
async function compare(): Promise<void> {
  console.log(`${cpus()[0]?.model}, Node ${process.version}, ${probes} connections, one ${values.path} over each`)
  console.log('                  client ms                  server ms')
  console.log('            median     p95     max     median     p95     max    bytes')
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const kind of ['bare', 'health']) {
      const { client, server, bytes } = await measure(kind)
      if (kind === 'health' && server.runs.some((runs) => runs !== 1)) {
        throw new Error(`the checks ran ${server.runs.join(', ')} times; expected once each`)
      }
      console.log(`${kind.padEnd(8)} ${row(client)}   ${row(server.times)}   ${String(bytes).padStart(6)}`)
    }
  }
}

async function measure(kind: string): Promise<{ client: number[]; server: Served; bytes: number }> {
  const server = start('server', kind)
  const [{ port }] = (await once(server, 'message')) as [{ port: number }]
  const client = start('client', kind, port)
  const [{ times, bytes }] = (await once(client, 'message')) as [{ times: number[]; bytes: number }]
  server.send('report')
  const [served] = (await once(server, 'message')) as [Served]
  await Promise.all([once(server, 'exit'), once(client, 'exit')])
  return { client: times, server: served, bytes }
}

function start(role: string, kind: string, port = 0): ChildProcess {
  const flags = { role, kind, probes: values.probes, path: values.path, port: String(port) }
  return fork(
    fileURLToPath(import.meta.url),
    Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
  )
}

function serve(): void {
  const times: number[] = []
  const { listener, runs } = values.kind === 'bare' ? createBare() : createProbed()
  const server = createServer((request, response) => {
    const startedAt = performance.now()
    // Handed to the kernel, which is where a server's part ends.
    response.once('finish', () => times.push(performance.now() - startedAt))
    listener(request, response)
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: probes }, () => {
    process.send?.({ port: (server.address() as AddressInfo).port })
  })
  process.once('message', () => {
    process.send?.({ times, runs } satisfies Served, () => process.exit())
  })
}

interface Kind {
  readonly listener: RequestListener
  readonly runs: readonly number[]
}

/** Answers at once what the other answers, headers and all. */
function createBare(): Kind {
  const body = `${JSON.stringify({ status: 'healthy', process: 'running' })}\n`
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    vary: 'Accept, Authorization',
    'x-content-type-options': 'nosniff',
  }
  return { listener: (_request, response) => void response.writeHead(200, headers).end(body), runs: [] }
}

/** The public view, which is what an orchestrator on another machine sees. */
function createProbed(): Kind {
  const health = createHealth({ details: 'never' })
  const runs = [0, 0, 0]
  for (const index of runs.keys()) {
    const check = async (): Promise<void> => {
      runs[index] = (runs[index] ?? 0) + 1
      await new Promise((resolve) => setTimeout(resolve, CHECK_MILLIS))
    }
    health.check(`check_${index}`, check, { interval: 0, ttl: 60_000 })
  }
  return { listener: (request, response) => void health.handler(request, response), runs }
}

async function probeAll(): Promise<void> {
  const sockets: Socket[] = []
  while (sockets.length < probes) {
    // By the hundred, so that none is refused.
    const opening = Array.from({ length: Math.min(100, probes - sockets.length) }, () => open())
    sockets.push(...(await Promise.all(opening)))
  }
  const text = `GET ${values.path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`
  const answers = await Promise.all(sockets.map((socket) => probe(socket, text)))
  const wrong = answers.find(({ answer }) => !answer.startsWith('HTTP/1.1 200 '))
  if (wrong !== undefined) throw new Error(`answered: ${wrong.answer}`)
  const times = answers.map(({ time }) => time)
  process.send?.({ times, bytes: answers[0]?.answer.length }, () => process.exit())
}

async function open(): Promise<Socket> {
  const socket = connect(Number(values.port), '127.0.0.1').setNoDelay()
  await once(socket, 'connect')
  return socket
}

function probe(socket: Socket, text: string): Promise<{ time: number; answer: string }> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const startedAt = performance.now()
    socket.setEncoding('latin1').once('error', reject)
    socket.on('data', (chunk: string) => {
      answer += chunk
      if (answer.endsWith('}\n')) resolve({ time: performance.now() - startedAt, answer })
    })
    socket.write(text)
  })
}

function row(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): string => {
    const time = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
    return time.toFixed(2).padStart(7)
  }
  return `${at(0.5)} ${at(0.95)} ${at(1)}`
}
