import { createRequire } from 'node:module'
import path from 'node:path'

import { expect } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { findOtlpDecoders } from './support/components.ts'
import { decodeOtlp } from './support/decode-otlp.ts'
import { startGrpcBodies, startHttpBodies, type OtlpBody } from './support/otlp-bodies.ts'
import { testWith } from './support/test-with.ts'

const require = createRequire(import.meta.url)

/** The official definitions, as a package ships them. */
const PROTOS = path.dirname(require.resolve('@elastic/mockotlpserver/package.json'))

const decoders = await findOtlpDecoders(PROTOS)

/** What an app that records everything exports until it ends; the last way to end leaves it to the sender of last words. */
async function exportsOf(protocol: string, temporality: string, flags: readonly string[] = []): Promise<OtlpBody[]> {
  await using collector = await (protocol === 'grpc' ? startGrpcBodies() : startHttpBodies())
  await using app = new AppProcess(['--require', REGISTER, ...flags, `${root}/test/fixtures/all-signals.mjs`], {
    env: {
      MCP_OTEL_PORT: '0',
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
    },
  })
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  return [...collector.inbox.all]
}

const EXIT_AT_ONCE = ['--import', "data:text/javascript,process.on('beforeExit', () => process.exit())"]

for (const protocol of ['http/protobuf', 'http/json', 'grpc']) {
  for (const [temporality, flags] of [
    ['cumulative', []],
    ['delta', []],
    ['delta', EXIT_AT_ONCE],
  ] as const) {
    const atOnce = flags.length === 0 ? '' : ', sent as last words,'
    testWith(
      decoders,
      `what is exported by ${protocol}, ${temporality},${atOnce} is as the definitions have it`,
      async (python) => {
        const decoded = await decodeOtlp(python, await exportsOf(protocol, temporality, flags))
        expect(decoded.flatMap(({ found }) => found)).toEqual([])
        const total = (signal: string) => decoded.reduce((sum, it) => (it.signal === signal ? sum + it.count : sum), 0)
        expect({ spans: total('traces'), logs: total('logs') }).toEqual({ spans: 7, logs: 7 })
        const text = decoded.map((it) => it.text).join('\n')
        for (const name of ['a.counter', 'a.histogram', 'an.observable.gauge', 'mcp.plugin.executions']) {
          expect(text).toContain(`name: "${name}"`)
        }
        const wanted = temporality === 'delta' ? 'AGGREGATION_TEMPORALITY_DELTA' : 'AGGREGATION_TEMPORALITY_CUMULATIVE'
        expect(text).toContain(wanted)
      },
    )
  }
}

testWith(
  decoders,
  'the decoders find what is wrong in a body, so that nothing found means something',
  async (python) => {
    const bodies = await exportsOf('http/protobuf', 'cumulative')
    const traces = bodies.find(({ signal }) => signal === 'traces')!
    // Field 99 of type varint with the value 1, which no definition has.
    const unknown = Buffer.concat([traces.body, Buffer.from([0x98, 0x06, 0x01])])
    const json = (request: object) => ({ ...traces, isJson: true, body: Buffer.from(JSON.stringify(request)) })
    const span = { traceId: '01', spanId: '0000000000000001', kind: 'SPAN_KIND_SERVER', startTimeUnixNano: 5, oops: 1 }
    const [first, second, third] = await decodeOtlp(python, [
      { ...traces, body: unknown },
      { ...traces, body: traces.body.subarray(0, -3) },
      json({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
    ])
    expect(first?.found).toEqual(['traces has an unknown field 99'])
    expect(second?.found).toEqual([expect.stringContaining('DecodeError')])
    const at = 'traces.resourceSpans[0].scopeSpans[0].spans[0]'
    expect(third?.found.map((problem) => problem.split(' ')[0])).toEqual(
      expect.arrayContaining([`${at}.traceId`, `${at}.kind`]),
    )
  },
)
