import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

import { cleanEnvironment, contestantsFolder } from '../harness/run-case.ts'

export interface ServerOptions {
  /** In the folder of the apps. */
  readonly app: string
  readonly nodeOptions: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A server under load, in a process of its own. */
export interface Server {
  readonly port: number
  /** Microseconds of processor time since its start. */
  cpuMicros(): Promise<number>
  /** Returns how many requests its metrics tell of; `undefined` when it has none. */
  requestsCounted(): Promise<number | undefined>
  close(): void
}

const START_LIMIT_MS = 60_000
/** The names under which the contestants count requests, as counter or as the count of a histogram. */
const COUNTS =
  /^(?:mcp_requests_total|http_(?:server_)?(?:request_)?duration(?:_seconds|_milliseconds)?_count)\{.*\} (\S+)/gm

export async function startServer({ app, nodeOptions, env }: ServerOptions): Promise<Server> {
  const metricsPort = await freePort()
  const child = fork(fileURLToPath(new URL(`../apps/${app}`, import.meta.url)), {
    execArgv: [...nodeOptions],
    cwd: contestantsFolder,
    env: { ...cleanEnvironment(), ...env, OTEL_EXPORTER_PROMETHEUS_PORT: `${metricsPort}` },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const { port } = await firstMessage(child)
  return {
    port,
    async cpuMicros() {
      child.send('usage')
      const [{ cpu }] = (await once(child, 'message')) as [{ cpu: number }]
      return cpu
    },
    async requestsCounted() {
      const page = await fetch(`http://127.0.0.1:${metricsPort}/metrics`).then(
        (response) => response.text(),
        () => undefined,
      )
      if (page === undefined) return undefined
      return [...page.matchAll(COUNTS)].reduce((sum, [, value]) => sum + Number(value), 0)
    },
    close: () => child.kill('SIGKILL'),
  }
}

async function firstMessage(child: ChildProcess): Promise<{ readonly port: number }> {
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-2000)))
  const signal = AbortSignal.timeout(START_LIMIT_MS)
  const exit = once(child, 'exit', { signal }).then(() => {
    throw new Error(`it ended before it listened: ${stderr}`)
  })
  const [message] = (await Promise.race([once(child, 'message', { signal }), exit])) as [{ port: number }]
  exit.catch(() => {})
  return message
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
