import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import {
  alertingRules,
  checkPack,
  createPrometheusClient,
  missingFromPage,
  packExpressions,
  packFiles,
  runOpsCommand,
  type Finding,
} from '@mcp/otel-ops'
import { expect } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { findJq, findPrometheus } from './support/components.ts'
import { freePort } from './support/free-port.ts'
import { scrape, scrapeUntil } from './support/scrape.ts'
import { startPrometheus } from './support/start-prometheus.ts'
import { testWith, testWithBoth } from './support/test-with.ts'

const MAIN = `${root}/examples/plugin-server/src/main.ts`
const LIBRARY = `${root}/examples/mcp-server/src/http.ts`
const KEEPER = `${root}/node_modules/@modelcontextprotocol/server-everything/dist/index.js`
const CLIENT = `${root}/test/fixtures/asking-client.mjs`
const REFUSED = `${root}/test/fixtures/refused-record.mjs`
const RETRIED = `${root}/test/fixtures/retried-job.mjs`

const ENV = { OTEL_EXPORTER_PROMETHEUS_PORT: '0' }

const run = promisify(execFile)
const [prometheus, jq] = [await findPrometheus(), await findJq()]

interface Examples extends AsyncDisposable {
  readonly folder: string
  /** Where the plugin server, and servers and a client of the Model Context Protocol, show their metrics. */
  readonly endpoints: readonly string[]
  /** Where the plugin server listens. */
  readonly url: string
  /** One request of every kind that there is to see. */
  load(): Promise<void>
}

async function startExamples(): Promise<Examples> {
  // What has started is stopped, also when the rest does not start.
  await using started = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'ops-contract-'))
  started.defer(() => rm(folder, { recursive: true, force: true }))
  const preloads = ['--require', REGISTER, '--import', REFUSED, '--import', RETRIED]
  const app = new AppProcess([...preloads, MAIN, '--port', '0', '--no-demo', '--log-file', `${folder}/mcp.log`], {
    env: ENV,
  })
  started.use(app)
  const library = started.use(new AppProcess(['--require', REGISTER, LIBRARY], { env: { ...ENV, PORT: '0' } }))
  const [, mcp = ''] = await library.sees(/listening on (\S+)/)
  const port = String(await freePort())
  const keeper = started.use(
    new AppProcess(['--require', REGISTER, KEEPER, 'streamableHttp'], { env: { ...ENV, PORT: port } }),
  )
  await keeper.sees(/listening on port/)
  const servers = [mcp, `http://127.0.0.1:${port}/mcp`]
  const client = started.use(new AppProcess(['--require', REGISTER, CLIENT, ...servers], { env: ENV }))
  const endpoints = await Promise.all([app, library, keeper, client].map((each) => each.endpoint()))
  const [, asker = ''] = await client.sees(/asks at (\S+)/)
  const [, url = ''] = await app.sees(/listens on (\S+)/)
  const runPlugin = async (plugin: string, command: string, file: string): Promise<void> => {
    const body = JSON.stringify({ plugin, command, args: { file } })
    await (await fetch(`${url}/run`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text()
  }
  const running = started.move()
  return {
    folder,
    endpoints,
    url,
    async load() {
      await Promise.all([
        runPlugin('checksum', 'file', 'README.txt'),
        runPlugin('words', 'count', 'sonnet-18.txt'),
        // Is not text in UTF-8: a 500.
        runPlugin('words', 'count', 'letters/old.txt'),
        fetch(asker, { method: 'POST' }).then(async (response) => expect(await response.text()).toBe('asked')),
        ...endpoints.map((endpoint) => fetch(`${endpoint}/health`)),
      ])
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

testWith(
  prometheus,
  'every metric and label of every rule and panel is on a real page, and each typo is caught',
  async () => {
    await using examples = await startExamples()
    await examples.load()
    const settled = ['mcp_health_check_status', 'mcp_errors_total', 'mcp_queue_retry_wait_seconds_count']
    await scrapeUntil(examples.endpoints[0]!, (page) => settled.every((name) => Object.keys(page.of(name)).length > 0))
    const expressions = packExpressions()
    let text = ''
    // What is answered is counted a little later.
    await expect
      .poll(async () => {
        const pages = await Promise.all(examples.endpoints.map((endpoint) => scrape(endpoint)))
        text = pages.map((page) => page.text).join('')
        return missingFromPage(expressions, text)
      })
      .toEqual([])

    expect(missingFromPage(expressions, text.replaceAll('mcp_queue_size', 'mcp_queue_length'))).toContain(
      'QueueBacklog: no mcp_queue_size on the page',
    )
    expect(missingFromPage(expressions, text.replaceAll('endpoint="', 'route="'))).toContain(
      'MCP / Overview / Error Rate: nothing that it reads has the label endpoint',
    )
    expect(missingFromPage([{ name: 'Typo', expr: 'mcp_queue_sizes > 1' }], text)).toEqual([
      'Typo: no mcp_queue_sizes on the page',
    ])
  },
  60_000,
)

testWith(
  prometheus,
  '`mcp-otel ops check` finds data for every rule and panel once the example has run, and says why where there is none',
  async (found) => {
    await using examples = await startExamples()
    const rules = path.join(examples.folder, 'mcp.rules.yaml')
    await writeFile(rules, packFiles()['prometheus/mcp.rules.yaml'] ?? '')
    await using server = await startPrometheus(found, {
      scrape: { example: { targets: examples.endpoints.map((endpoint) => new URL(endpoint).host) } },
      ruleFiles: [rules],
    })
    const client = createPrometheusClient(server.url)
    const end = performance.now() + 60_000
    let lacking: Finding[]
    do {
      await examples.load()
      lacking = (await checkPack(client)).filter(({ problems }) => problems.length > 0)
    } while (lacking.length > 0 && performance.now() < end)
    expect(lacking).toEqual([])

    // A scrape that comes late leaves a gap.
    await expect
      .poll(() => check('--prometheus', server.url))
      .toEqual([
        0,
        expect.stringMatching(/^\d+ rules and queries: (\d+) have data, 0 have had no traffic, 0 cannot work\n$/),
      ])

    const [otherCode, other] = await check('--prometheus', server.url, '--selector', 'job="exampel"', '--json')
    const { findings } = JSON.parse(other) as { findings: Finding[] }
    expect(otherCode).toBe(1)
    expect(findings.find(({ name }) => name === 'QueueBacklog')?.problems).toEqual([
      { reason: 'mismatch', detail: 'no series of mcp_queue_size has job="exampel"; there are example' },
    ])
  },
  120_000,
)

testWith(
  prometheus,
  '`mcp-otel ops check` says that a Prometheus without the server has none of its metrics',
  async (found) => {
    await using server = await startPrometheus(found, { scrape: {} })
    const [code, output] = await check('--prometheus', server.url)
    expect(code).toBe(1)
    expect(output).toContain(
      '✖ alert QueueBacklog\n    metric missing: there is no mcp_queue_size: is the server scraped',
    )
    expect(output).toContain('· alert HighErrorRate\n    no traffic: there is no mcp_requests_total yet')
    expect(output).toContain('load prometheus/mcp.rules.yaml')
  },
)

testWithBoth(
  prometheus,
  jq,
  'every command of every runbook works beside a server to which such things have happened',
  async (found, { env, folder: jqFolder }) => {
    await using examples = await startExamples()
    await examples.load()
    await scrapeUntil(examples.endpoints[0]!, (page) => Object.keys(page.of('mcp_errors_total')).length > 0)
    await using server = await startPrometheus(found, { scrape: { example: { targets: ['127.0.0.1:1'] } } })
    await server.until(async () =>
      (await server.targets()).some(({ health }) => health === 'down') ? true : undefined,
    )

    const failed: string[] = []
    for (const [alert, command] of await runbookCommands()) {
      const line = command
        .replaceAll('localhost:9090', new URL(server.url).host)
        .replaceAll('localhost:5000', new URL(examples.url).host)
        .replaceAll('npx mcp-otel', `'${process.execPath}' '${root}/packages/otel/dist/cli.mjs'`)
      const PATH = [jqFolder, process.env['PATH']].join(path.delimiter)
      await run('bash', ['-o', 'pipefail', '-c', line], { cwd: examples.folder, env: { ...env, PATH } }).catch(
        (error: Error) => failed.push(`${alert}: ${error.message}`),
      )
    }
    expect(failed).toEqual([])
  },
  120_000,
)

/** Every command line in the runbooks, with the alert that it stands under. */
async function runbookCommands(): Promise<[alert: string, command: string][]> {
  const commands: [string, string][] = []
  for (const { alert } of alertingRules()) {
    const text = await readFile(`${root}/docs/runbooks/${alert}.md`, 'utf8')
    const blocks = [...text.matchAll(/```bash\n(.*?)```/gs)].map(([, block = '']) => block)
    expect(blocks, alert).not.toEqual([])
    for (const line of blocks.join('\n').split('\n')) {
      if (line !== '' && !line.startsWith('#')) commands.push([alert, line])
    }
  }
  return commands
}

async function check(...args: string[]): Promise<[code: number, output: string]> {
  let output = ''
  const stdout = { write: (text: string) => (output += text) }
  const code = await runOpsCommand(['check', ...args], { stdout, stderr: stdout })
  return [code, output]
}
