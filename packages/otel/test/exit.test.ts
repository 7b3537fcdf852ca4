import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { startMockOtlp, type MockOtlp } from '../../../test/support/mock-otlp.ts'

const LIFE = path.join(import.meta.dirname, 'fixtures', 'life.cjs')
const OURS = { MCP_OTEL_PORT: '0' }

interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the app to its end; a signal is sent once it is up. */
async function run(args: readonly string[], how: string, env: Record<string, string> = {}): Promise<Ending> {
  await using app = new AppProcess([...args, LIFE, how], { env })
  if (how.startsWith('signal')) {
    await app.sees(/^up$/m)
    app.child.kill('SIGTERM')
    if (how.endsWith('stays')) {
      await app.sees(/not yet/)
      app.child.kill('SIGKILL')
    }
  }
  const { code, signal } = await app.exit()
  return { code, signal, stdout: app.stdout, stderr: app.stderr }
}

/** How each ending goes without us; run once. */
const endings = new Map<string, Promise<Ending>>()
const bare = (how: string) => {
  const known = endings.get(how) ?? run([], how)
  endings.set(how, known)
  return known
}
const observed = (how: string, env: Record<string, string>) => run(['--require', REGISTER], how, { ...OURS, ...env })

const withoutOurLines = (stderr: string) => stderr.replaceAll(/^\[mcp-otel\].*\n/gm, '')

/** A collector that takes connections and never answers. */
async function startSilentCollector(): Promise<Server> {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

let collector: MockOtlp
let silent: Server
beforeAll(async () => {
  collector = await startMockOtlp()
  silent = await startSilentCollector()
})
afterAll(async () => {
  await collector.stop()
  silent.close()
})

/** Those of which nothing is expected to arrive; see the matrix for the others. */
const ENDINGS = ['exit code', 'signal with a handler that stays', 'signal with a handler that looks at its fellows']

describe.concurrent.each(ENDINGS)('an app that ends by %s', (how) => {
  test.each([
    ['no collector', () => ({})],
    ['a collector', () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl })],
    ['a collector that is down', () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })],
    [
      'a collector that hangs',
      () => ({
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
        MCP_OTEL_FLUSH_TIMEOUT: '300',
      }),
    ],
  ])('ends with %s as it would without us', async (_what, env) => {
    const [without, withUs] = await Promise.all([bare(how), observed(how, env())])
    expect(withUs.code).toBe(without.code)
    expect(withUs.signal).toBe(without.signal)
    expect(withUs.stdout).toBe(without.stdout)
    expect(withoutOurLines(withUs.stderr)).toBe(withoutOurLines(without.stderr))
  })
})

test.each(['natural', 'process.exit', 'signal without handler'])(
  'what a collector that hangs did not take is said once, when the app ends by %s',
  async (how) => {
    const { stderr } = await observed(how, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      MCP_OTEL_FLUSH_TIMEOUT: '300',
    })
    expect(stderr.match(/not everything was delivered within 300 ms/g)).toHaveLength(1)
  },
)

const namesOf = (service: string) =>
  collector.spans.all.filter(({ resource }) => resource['service.name'] === service).map(({ name }) => name)

describe('what was recorded before the end arrives', () => {
  test.each([
    ['exit code', ['first words']],
    ['signal with a handler that drains', ['first words', 'health change', 'while draining']],
  ])('when the app ends by %s', async (how, expected) => {
    const service = `ends by ${how}`
    await observed(how, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: service })
    expect(namesOf(service)).toEqual(expected)
  })

  test('more records than go into one export too, when the app exits in the middle of a flush', async () => {
    const service = 'floods and exits'
    const script = `
      const { logs, trace } = require('@opentelemetry/api')
      for (let i = 0; i < 3000; i++) {
        logs.getLogger('app').emit({ body: 'one of many', severityNumber: 9 })
        trace.getTracer('app').startSpan('one of many').end()
      }
      require('@mcp/otel').getTelemetry().forceFlush()
      process.exit(3)`
    await using app = new AppProcess(['--require', REGISTER, '-e', script], {
      env: { ...OURS, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: service },
    })
    expect(await app.exit()).toEqual({ code: 3, signal: null })
    expect(namesOf(service)).toHaveLength(3000)
    expect(collector.logs.all.filter(({ resource }) => resource['service.name'] === service)).toHaveLength(3000)
  })

  test("the app's own observables too, when it exits at once", async () => {
    const service = 'observes and exits'
    const script = `
      const meter = require('@opentelemetry/api').metrics.getMeter('app')
      meter.createObservableGauge('one').addCallback((result) => result.observe(7, { a: 'b' }))
      const [two, never] = [meter.createObservableCounter('two'), meter.createObservableGauge('never')]
      meter.addBatchObservableCallback((result) => result.observe(two, 8), [two])
      never.addCallback(async (result) => result.observe(9))
      never.addCallback(async () => { throw new Error('of the app') })
      never.addCallback((result) => { result.observe(9); throw new Error('of the app') })
      meter.addBatchObservableCallback(async (result) => result.observe(never, 9), [never])
      meter.addBatchObservableCallback((result) => { result.observe(never, 9); throw new Error('of the app') }, [never])
      process.exit(3)`
    await using app = new AppProcess(['--require', REGISTER, '-e', script], {
      env: { ...OURS, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: service },
    })
    expect(await app.exit()).toEqual({ code: 3, signal: null })
    const mine = collector.points.all.filter(
      ({ resource, scope }) => resource['service.name'] === service && scope.name === 'app',
    )
    expect(mine).toMatchObject([
      { name: 'one', value: 7, attributes: { a: 'b' } },
      { name: 'two', value: 8 },
    ])
    expect(mine).toHaveLength(2)
  })

  test('a second Ctrl-C ends an app without a handler at once, though a collector that hangs is waited for', async () => {
    await using app = new AppProcess(['--require', REGISTER, LIFE, 'signal without handler'], {
      env: {
        ...OURS,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
        MCP_OTEL_FLUSH_TIMEOUT: '600000',
        OTEL_LOG_LEVEL: 'debug',
      },
    })
    await app.sees(/^up$/m)
    app.child.kill('SIGINT')
    await app.sees(/SIGINT: sending what is pending/)
    app.child.kill('SIGINT')
    expect(await app.exit()).toEqual({ code: null, signal: 'SIGINT' })
  })

  test.each(['cumulative', 'delta'])('metrics too, %s, when the app exits at once', async (temporality) => {
    const service = `counts ${temporality} and exits`
    const script = `
      require('@mcp/otel').withExecution({ plugin: 'p', command: 'c' }, async () => {}).then(() => process.exit(3))`
    const env = {
      ...OURS,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
      OTEL_SERVICE_NAME: service,
    }
    await using app = new AppProcess(['--require', REGISTER, '-e', script], { env })
    expect(await app.exit()).toEqual({ code: 3, signal: null })
    const points = collector.points.all.filter(
      ({ attributes, name, resource }) =>
        resource['service.name'] === service &&
        name === 'mcp.plugin.executions' &&
        attributes['plugin'] === 'p' &&
        attributes['status'] === 'success',
    )
    expect(points).toMatchObject([{ temporality, value: 1 }])
  })

  test('metrics too, and each span once', async () => {
    const service = 'ends with metrics'
    await observed('natural', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: service })
    const mine = collector.points.all.filter(({ resource }) => resource['service.name'] === service)
    expect(mine.filter(({ name }) => name === 'mcp.build_info')).toHaveLength(1)
  })
})
