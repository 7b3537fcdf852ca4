import type { Meter } from '@opentelemetry/api'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { createPageRenderer } from '../src/index.ts'
import { CollectingReader } from './support/collecting-reader.ts'

/** Collects what the real SDK makes of some recordings. */
async function recorded(
  record: (meter: Meter) => void,
  resource: Record<string, string> = {},
): Promise<ResourceMetrics> {
  const reader = new CollectingReader()
  const views = [
    { instrumentName: 'exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } as const },
  ]
  const provider = new MeterProvider({ readers: [reader], views, resource: resourceFromAttributes(resource) })
  record(provider.getMeter('shop', '1.0'))
  const { resourceMetrics, errors } = await reader.collect()
  expect(errors).toEqual([])
  return resourceMetrics
}

function official(metrics: ResourceMetrics): string {
  return new PrometheusSerializer(undefined, false, undefined, false, true).serialize(metrics)
}

function ours(metrics: ResourceMetrics): string {
  return createPageRenderer({ onProblem: () => {} }).render(metrics, 'text')
}

interface Difference {
  readonly what: string
  readonly why: string
  /** Makes lines of the official page into ours, as far as this difference goes. */
  readonly apply: (lines: readonly string[]) => readonly string[]
}

const UNIT_WORDS: Readonly<Record<string, string>> = {
  wait: 'wait_seconds',
  sent_total: 'sent_bytes_total',
  load: 'load_ratio',
}

/** Everything in which the pages differ for data that both can write. */
const DIFFERENCES: readonly Difference[] = [
  {
    what: 'names end in the unit',
    why: 'the specification asks for it, and so does the guide: mcp_request_duration_seconds',
    apply: (lines) =>
      lines.map((line) =>
        line.replace(/^(# \w+ )?([a-z]+(?:_total)?)(?=[_{ ])/, (all, comment: string = '', name: string) =>
          UNIT_WORDS[name] === undefined ? all : comment + UNIT_WORDS[name],
        ),
      ),
  },
  {
    what: 'no # UNIT',
    why: 'text 0.0.4 does not have it; the OpenMetrics page does',
    apply: (lines) => lines.filter((line) => !line.startsWith('# UNIT')),
  },
  {
    what: 'no help where there is none',
    why: '"description missing" tells a reader nothing',
    apply: (lines) => lines.filter((line) => !/^# HELP \S+ description missing$/.test(line)),
  },
  {
    what: 'le="1.0" for le="1"',
    why: 'OpenMetrics and Prometheus 3 write it so: one series, whichever format was negotiated',
    apply: (lines) => lines.map((line) => line.replace(/le="(\d+)"/, 'le="$1.0"')),
  },
  {
    what: 'sum and count after the buckets',
    why: 'the order of every other client library',
    apply: (lines) => {
      const late = /_(?:sum|count)(?:\{| )/
      const sorted: string[] = []
      let held: string[] = []
      for (const line of lines) {
        if (late.test(line) && !line.startsWith('#')) held.unshift(line)
        else sorted.push(line)
        if (line.includes('le="+Inf"')) sorted.push(...held.splice(0))
      }
      held = []
      return [...sorted, ...held]
    },
  },
  {
    what: 'families in the order of their names',
    why: 'a page that does not change with the order of start-up is easier to read and to compare',
    apply: (lines) => {
      const families: Array<{ name: string; lines: string[] }> = []
      for (const line of lines) {
        const name = /^# \w+ (\S+)/.exec(line)?.[1]
        if (name !== undefined && families.at(-1)?.name !== name) families.push({ name, lines: [] })
        families.at(-1)?.lines.push(line)
      }
      const order = families.toSorted((a, b) =>
        a.name === 'target_info' || (b.name !== 'target_info' && a.name < b.name) ? -1 : 1,
      )
      return order.flatMap((family) => family.lines)
    },
  },
  {
    what: 'target_info without what may be secret',
    why: 'arguments carry tokens: node server.js --token=…',
    apply: (lines) => lines.map((line) => line.replace(/,process_command_args="[^"]*"/, '')),
  },
]

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
const operation = fc.record({
  instrument: fc.constantFrom('requests', 'sent', 'jobs', 'load', 'wait', 'size'),
  amount: fc.oneof(fc.nat({ max: 1000 }), fc.double({ min: 0, max: 1e6, noNaN: true })),
  attributes: fc.record(
    { method: text, 'http.route': text, status: fc.constantFrom(200, 404, 500) },
    { requiredKeys: [] },
  ),
})

type Recorder = (amount: number, attributes: Record<string, string | number>) => void

function recorders(meter: Meter): Record<'requests' | 'sent' | 'jobs' | 'load' | 'wait' | 'size', Recorder> {
  const requests = meter.createCounter('requests', { unit: '{request}', description: 'With \\, " and\na second line' })
  const size = meter.createHistogram('size', { advice: { explicitBucketBoundaries: [1, 2.5, 100] } })
  const wait = meter.createHistogram('wait', { unit: 's', description: 'Wait' })
  const sent = meter.createCounter('sent', { unit: 'By', description: 'Sent' })
  const jobs = meter.createUpDownCounter('jobs')
  const load = meter.createGauge('load', { unit: '1' })
  return {
    requests: (amount, attributes) => requests.add(amount, attributes),
    sent: (amount, attributes) => sent.add(amount, attributes),
    jobs: (amount, attributes) => jobs.add(-amount, attributes),
    load: (amount, attributes) => load.record(amount, attributes),
    wait: (amount, attributes) => wait.record(amount, attributes),
    size: (amount, attributes) => size.record(amount, attributes),
  }
}

const RESOURCE = { 'service.name': 'shop', 'process.command_args': 'node server.js --token=secret' }

function adapted(page: string, differences: readonly Difference[]): string {
  const lines = page.split('\n').filter((line) => line !== '')
  const result = differences.reduce((soFar, { apply }) => apply(soFar), lines as readonly string[])
  return result.map((line) => `${line}\n`).join('')
}

describe('the official serializer and ours', () => {
  test('agree on whatever the SDK has recorded, save for the listed differences', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 20 }), async (operations) => {
        const metrics = await recorded((meter) => {
          const record = recorders(meter)
          for (const { instrument, amount, attributes } of operations) record[instrument](amount, attributes)
        }, RESOURCE)
        expect(ours(metrics)).toBe(adapted(official(metrics), DIFFERENCES))
      }),
      { numRuns: 300 },
    )
  })

  test.for(DIFFERENCES.map(({ what, why }, index) => ({ what, why, index })))('differ in: $what', async ({ index }) => {
    const metrics = await recorded((meter) => {
      for (const record of Object.values(recorders(meter))) record(1, { method: 'GET' })
    }, RESOURCE)
    expect(ours(metrics)).toBe(adapted(official(metrics), DIFFERENCES))
    expect(ours(metrics)).not.toBe(adapted(official(metrics), DIFFERENCES.toSpliced(index, 1)))
  })
})

interface Repair {
  readonly what: string
  readonly record: (meter: Meter) => void
  /** The samples on the official page. */
  readonly official: readonly string[]
  /** The samples on ours. */
  readonly ours: readonly string[]
}

/** Data of which the official page is invalid, ambiguous or empty. */
const REPAIRS: readonly Repair[] = [
  {
    what: 'attributes that become one label: a label twice; joined by ";", as the specification says',
    record: (meter) => meter.createGauge('m').record(1, { 'a.b': 'x', a_b: 'y' }),
    official: ['m{a_b="x",a_b="y"} 1'],
    ours: ['m{a_b="x;y"} 1'],
  },
  {
    what: 'an attribute that begins with a digit: no label name; key_ before it, as Prometheus itself does it',
    record: (meter) => meter.createGauge('m').record(1, { '2xx': 'x' }),
    official: ['m{2xx="x"} 1'],
    ours: ['m{key_2xx="x"} 1'],
  },
  {
    what: 'an attribute called le: a second bound; renamed, as Prometheus renames what it finds of its own',
    record: (meter) => meter.createHistogram('m', { advice: { explicitBucketBoundaries: [1] } }).record(1, { le: 'x' }),
    official: ['m_count{le="x"} 1', 'm_sum{le="x"} 1', 'm_bucket{le="x",le="1"} 1', 'm_bucket{le="x",le="+Inf"} 1'],
    ours: [
      'm_bucket{exported_le="x",le="1.0"} 1',
      'm_bucket{exported_le="x",le="+Inf"} 1',
      'm_sum{exported_le="x"} 1',
      'm_count{exported_le="x"} 1',
    ],
  },
  {
    what: '200 and "200": one series twice; added up',
    record: (meter) => {
      const requests = meter.createCounter('m')
      requests.add(1, { status: 200 })
      requests.add(2, { status: '200' })
    },
    official: ['m_total{status="200"} 1', 'm_total{status="200"} 2'],
    ours: ['m_total{status="200"} 3'],
  },
  {
    what: 'an empty attribute: a label that Prometheus takes as absent; left out',
    record: (meter) => meter.createGauge('m').record(1, { a: '' }),
    official: ['m{a=""} 1'],
    ours: ['m 1'],
  },
  {
    what: 'two types of one name: both gone; the first stays, the other is reported',
    record: (meter) => {
      meter.createGauge('a.b').record(1)
      meter.createHistogram('a_b').record(1)
    },
    official: ['# no registered metrics'],
    ours: ['a_b 1'],
  },
  {
    what: 'an exponential histogram: a head without samples; bounds spelled out',
    record: (meter) => meter.createHistogram('exponential').record(0),
    official: [],
    ours: [
      'exponential_bucket{le="0.0"} 1',
      'exponential_bucket{le="+Inf"} 1',
      'exponential_sum 0',
      'exponential_count 1',
    ],
  },
  {
    what: 'an unpaired surrogate: no UTF-8; the replacement character',
    record: (meter) => meter.createGauge('m').record(1, { a: '\uD800' }),
    official: ['m{a="\uD800"} 1'],
    ours: ['m{a="\uFFFD"} 1'],
  },
  {
    what: 'nothing at all: a comment; an empty page, since OpenMetrics allows no comments',
    record: () => {},
    official: ['# no registered metrics'],
    ours: [],
  },
]

function samples(page: string): string[] {
  return page.split('\n').filter((line) => line !== '' && !/^# (?:HELP|TYPE|UNIT)|^target_info/.test(line))
}

describe('where the official page is wrong or says nothing, ours is right', () => {
  test.for(REPAIRS)('$what', async ({ record, official: theirs, ours: own }) => {
    const metrics = await recorded(record)
    expect(samples(official(metrics))).toEqual(theirs)
    expect(samples(ours(metrics))).toEqual(own)
  })
})
