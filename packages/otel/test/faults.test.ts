import { expect, test } from 'vitest'

import { AppProcess } from '../../../test/support/app-process.ts'
import { scrapeUntil } from '../../../test/support/scrape.ts'

/** Has a tracer that throws whatever is asked of it, serves, and runs a plugin and a job for each request. */
const APP = `
  const { trace } = require('@opentelemetry/api')
  const broken = new Proxy({}, { get: () => () => { throw new Error('the tracer is broken') } })
  trace.setGlobalTracerProvider({ getTracer: () => broken })
  const { instrumentQueue, start, withExecution } = require('@mcp/otel')
  start({ endpoint: { port: 0 } })
  const queue = instrumentQueue({ plugin: 'q' })
  require('node:http').createServer((request, response) => {
    const done = withExecution({ plugin: 'p', command: 'c' }, () => 'executed')
    response.end(done + queue.wrap(() => ', queued')())
  }).listen(0, '127.0.0.1', function () { console.log('listening on http://127.0.0.1:' + this.address().port) })`

test('what throws in us never reaches the app, is counted each time, and said once', async () => {
  await using app = new AppProcess(['-e', APP])
  const [endpoint, [, url]] = await Promise.all([app.endpoint(), app.sees(/listening on (\S+)/)])
  for (let i = 0; i < 3; i++) expect(await (await fetch(url ?? '')).text()).toBe('executed, queued')

  const page = await scrapeUntil(endpoint, (it) => it.of('mcp_requests_total')[REQUESTS] === 3)
  expect(page.of('mcp_requests_total')[REQUESTS]).toBe(3)
  expect(page.of('mcp_plugin_executions_total')['{plugin="p",command="c",status="success"}']).toBe(3)
  expect(page.of('mcp_queue_jobs_total')['{plugin="q",status="success"}']).toBe(3)
  const faults = page.of('mcp_telemetry_faults_total')
  expect(faults).toMatchObject({ '{source="plugin"}': 3, '{source="modules"}': 0, '{source="endpoint"}': 0 })
  for (const source of ['http', 'queue']) expect(faults[`{source="${source}"}`], source).toBeGreaterThanOrEqual(3)

  await app.sees(/the tracer is broken; executions go on without spans/)
  const said = app.stderr.split('\n').filter((line) => line.includes('the tracer is broken'))
  expect(said).toEqual([...new Set(said)])
})

test('a processor that the app brings and that throws ends neither its requests nor its process', async () => {
  const script = `
    const thrown = () => { throw new Error('the processor is broken') }
    const rest = { forceFlush: thrown, shutdown: thrown }
    const telemetry = require('@mcp/otel').start({
      endpoint: { port: 0 },
      sdk: {
        spanProcessors: [{ onStart: thrown, onEnd: thrown, ...rest }],
        logRecordProcessors: [{ onEmit: thrown, ...rest }],
      },
    })
    require('@opentelemetry/api').logs.getLogger('app').emit({ body: 'a record' })
    const server = require('node:http').createServer((request, response) => response.end('answered'))
    server.listen(0, '127.0.0.1', async () => {
      const answer = await fetch('http://127.0.0.1:' + server.address().port, { headers: { connection: 'close' } })
      console.log(await answer.text())
      server.close()
      const url = await telemetry.endpoint.ready
      console.log(await (await fetch(url + '/metrics')).text())
    })`
  await using app = new AppProcess(['-e', script])
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  expect(app.stdout).toMatch(/^answered\n/)
  const [, faults] = /^mcp_telemetry_faults_total\{source="sdk"\} (\d+)$/m.exec(app.stdout) ?? []
  // The start and the end of the client's span and of the server's, and a log record.
  expect(Number(faults)).toBeGreaterThanOrEqual(5)
  expect(app.stderr.split('\n').filter((line) => line.includes(' in options.sdk threw'))).toEqual([
    '[mcp-otel] a processor of log records in options.sdk threw: the processor is broken; correct it; the app runs on',
    '[mcp-otel] a span processor in options.sdk threw: the processor is broken; correct it; the app runs on',
  ])
})

const REQUESTS = '{method="GET",endpoint="unmatched",status="200"}'
