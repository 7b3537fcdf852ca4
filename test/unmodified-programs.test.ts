import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER } from './support/app-process.ts'
import { freePort } from './support/free-port.ts'
import { scrapeUntil, type Page } from './support/scrape.ts'

const require = createRequire(import.meta.url)
const JSON_SERVER = path.join(path.dirname(require.resolve('json-server/package.json')), 'lib/cli/bin.js')
const FASTIFY_CLI = require.resolve('fastify-cli/cli.js')

/** A folder from which `@mcp/otel/register` resolves, as in an app that has installed it. */
const WITHIN_REACH = path.dirname(import.meta.filename)

interface Program {
  readonly name: string
  /** Arguments of node, for a folder of the test's own and a port. */
  readonly args: (folder: string, port: number) => readonly string[]
  readonly files: Readonly<Record<string, string>>
  readonly paths: readonly string[]
  /** What it writes for the last of them, where it writes anything. */
  readonly lastWritten?: RegExp
  readonly counted: Readonly<Record<string, number>>
}

const PROGRAMS: readonly Program[] = [
  {
    name: 'json-server',
    args: (folder, port) => [JSON_SERVER, '--host', '127.0.0.1', '--port', String(port), path.join(folder, 'db.json')],
    files: { 'db.json': JSON.stringify({ posts: [{ id: 1, title: 'one' }] }) },
    paths: ['/posts', '/posts/1', '/posts/1', '/posts/2'],
    lastWritten: /posts\/2.*\n/,
    counted: {
      '{method="GET",endpoint="/posts",status="200"}': 1,
      '{method="GET",endpoint="/posts/:id",status="200"}': 2,
      '{method="GET",endpoint="/posts/:id",status="404"}': 1,
    },
  },
  {
    name: 'fastify-cli',
    args: (folder, port) => [
      FASTIFY_CLI,
      'start',
      '--address',
      '127.0.0.1',
      '--port',
      String(port),
      // How long it has to close before it ends with an error.
      '--close-grace-delay',
      '20000',
      path.join(folder, 'app.cjs'),
    ],
    files: {
      'app.cjs':
        "module.exports = async (app, _options) => app.get('/hello/:name', async ({ params }) => `hello ${params.name}`)\n",
    },
    paths: ['/hello/a', '/hello/b', '/nowhere'],
    counted: {
      '{method="GET",endpoint="/hello/:name",status="200"}': 2,
      '{method="GET",endpoint="unmatched",status="404"}': 1,
    },
  },
]

for (const program of PROGRAMS) {
  test(`an unmodified ${program.name} gives its routes, and ends on SIGTERM as it does without us`, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), `${program.name}-`))
    try {
      for (const [file, text] of Object.entries(program.files)) await writeFile(path.join(folder, file), text)
      const port = await freePort()
      const bare = await lifeOf(program, folder, port, [])
      const ours = await lifeOf(program, folder, port, ['--require', REGISTER])

      expect(ours.page?.of('mcp_requests_total')).toEqual(program.counted)
      expect(ours.answers).toEqual(bare.answers)
      expect(ours.ended).toEqual(bare.ended)
      expect(ours.stdout).toBe(bare.stdout)
      console.log(`${program.name}: SIGTERM to end ${bare.took.toFixed(0)} ms bare, ${ours.took.toFixed(0)} ms with us`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }, 60_000)
}

async function lifeOf(program: Program, folder: string, port: number, flags: readonly string[]): Promise<Life> {
  await using app = new AppProcess([...flags, ...program.args(folder, port)], {
    cwd: WITHIN_REACH,
    env: { OTEL_EXPORTER_PROMETHEUS_PORT: '0' },
  })
  await Promise.race([listening(port), app.exit()])
  const answers: string[] = []
  for (const it of program.paths) {
    const response = await fetch(`http://127.0.0.1:${port}${it}`)
    answers.push(`${response.status} ${await response.text()}`)
  }
  if (program.lastWritten !== undefined) await app.sees(program.lastWritten)
  const settled = (page: Page): boolean => total(page.of('mcp_requests_total')) >= program.paths.length
  const page = flags.length === 0 ? undefined : await scrapeUntil(await app.endpoint(), settled)
  const start = performance.now()
  const ended = await app.stop('SIGTERM')
  return { answers, page, ended, took: performance.now() - start, stdout: withoutDurations(app.stdout) }
}

interface Life {
  readonly answers: readonly string[]
  readonly page: Page | undefined
  readonly ended: { readonly code: number | null; readonly signal: NodeJS.Signals | null }
  /** Milliseconds from SIGTERM to the end. */
  readonly took: number
  readonly stdout: string
}

/** Resolves when something accepts connections; an unmodified program has no other way to tell us. */
async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (open) return
    await pause(20)
  }
}

function total(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((sum, value) => sum + value, 0)
}

function withoutDurations(stdout: string): string {
  return stdout.replaceAll(/[\d.]+ ms/g, '… ms')
}
