import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import { configSchema, listSettings, readConfig, settings, type Setting } from '@mcp/otel-core'
import { Ajv } from 'ajv'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const require = createRequire(import.meta.url)
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(configSchema())
const named = listSettings(settings)

/** What is wrong only with settings taken together; a schema cannot know it. */
const TOGETHER = /will not arrive$|which other machines can reach|expected at most/

/** What readConfig refuses in a file, setting by setting. */
function refused(options: unknown): readonly string[] {
  return readConfig({ file: { name: 'mcp.otel.json', options } }).problems.filter((problem) => !TOGETHER.test(problem))
}

/** A value that is likely to be right: the default, or one of its words. */
function likely({ default: value, kind }: Setting<unknown>): fc.Arbitrary<unknown> {
  const words = (kind.schema['enum'] ?? (kind.schema['items'] as { enum?: unknown[] } | undefined)?.enum) as unknown[]
  return fc.constantFrom(value ?? null, ...(words ?? []), ...(words === undefined ? [] : [words]))
}

/** A host that no URL can have looks to a pattern like one that it can. */
function isUnparsable(problem: string): boolean {
  const [, given] = /endpoint is ("https?:\/\/\S+"); expected an http/i.exec(problem) ?? []
  return given !== undefined && !URL.canParse(JSON.parse(given) as string)
}

/** JSON knows neither `undefined` nor what is no finite number. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null') as unknown

test('the schema is in the package, and it is the one of these settings', () => {
  const file = require.resolve('@mcp/otel/schema.json')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(configSchema())
})

test('every default is one that it accepts, and so is the whole of the defaults', () => {
  const { config } = readConfig()
  expect([validate(asJson(config)), validate.errors]).toEqual([true, null])
})

describe('it gives the verdict that the start gives', () => {
  test.each([
    {},
    { $schema: './node_modules/@mcp/otel/schema.json' },
    { endpoint: { port: 0, host: '::1', token: 'abc+/=' }, serviceName: 'a b' },
    { endpoint: { host: '[2001:db8::1]', trustNetwork: true } },
    { traces: { exporters: ['otlp', 'console'], samplerRatio: 0.5, batch: { maxQueueSize: 1 } } },
    { otlp: { endpoint: 'https://collector.example/base?x=1', headers: 'key=a%20b, k2=v,', protocol: 'grpc' } },
    { otlp: { endpoint: 'collector:4317', protocol: 'grpc' } },
    { endpoint: null, metrics: { seriesLimit: null } },
    { http: { routes: ['/a/:id'], ignore: [] } },
  ])('good: %j', (options) => {
    expect([validate(options), refused(options)]).toEqual([true, []])
  })

  test.each([
    { endpoint: { port: '9464' } },
    { endpoint: { port: 65_536 } },
    { endpoint: { port: 1.5 } },
    { endpoint: { host: 'http://x' } },
    { endpoint: { host: 'x:1' } },
    { endpoint: { host: '[::1' } },
    { endpoint: { token: 'a b' } },
    { endpoint: [] },
    { endpoint: 7 },
    { endpiont: {} },
    { traces: { exporters: 'otlp' } },
    { traces: { exporters: ['jaeger'] } },
    { traces: { exporters: [null] } },
    { traces: { sampler: 'ALWAYS_ON' } },
    { traces: { samplerRatio: '1' } },
    { traces: { samplerRatio: 1.1 } },
    { otlp: { endpoint: 'ftp://x' } },
    { otlp: { endpoint: 'http:x' } },
    { otlp: { endpoint: ' http://x' } },
    { otlp: { endpoint: 'http://x y' } },
    { otlp: { headers: 'key' } },
    { otlp: { headers: 'a=b,=c' } },
    { otlp: { headers: ' ' } },
    { serviceName: ' ' },
    { serviceName: 3 },
    { banner: 'on' },
    { banner: 1 },
    { sdk: {} },
    JSON.parse('{ "__proto__": {} }') as object,
  ])('bad: %j', (options) => {
    expect([validate(options), refused(options).length]).toEqual([false, 1])
  })

  const textOf = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'ab:/.=,[] \t%-?@1'.split('')) }),
    fc.constantFrom('http://x', 'HTTPS://x:1/y', 'x:1', '::1', '[::1]', 'a=b', 'none', 'otlp', 'on', 'http://', '//x'),
  )
  const anyValue = fc.oneof(
    textOf,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(textOf),
    fc.jsonValue(),
  )

  const entry = fc
    .constantFrom(...named)
    .chain(({ path, setting }) => fc.tuple(fc.constant(path), fc.oneof(anyValue, likely(setting))))
  const stray = fc.tuple(
    fc.oneof(fc.string(), fc.constantFrom('endpoint', 'traces.batch', 'endpoint.prot', '$schema')),
    anyValue,
  )
  const anyFile = fc.array(fc.oneof({ weight: 4, arbitrary: entry }, stray), { maxLength: 6 }).map((entries) => {
    const root: Record<string, unknown> = {}
    for (const [path, value] of entries) {
      const groups = path.split('.')
      const name = groups.pop() ?? ''
      let at = root
      for (const group of groups) {
        if (typeof at[group] !== 'object' || at[group] === null || Array.isArray(at[group])) at[group] = {}
        at = at[group] as Record<string, unknown>
      }
      at[name] = value
    }
    return asJson(root)
  })

  test('whatever the file is', () => {
    fc.assert(
      fc.property(anyFile, (options) => {
        const mistakes = refused(options).filter((problem) => !isUnparsable(problem))
        expect([options, validate(options)]).toEqual([options, mistakes.length === 0])
      }),
      { numRuns: 1500 },
    )
  })
})
