import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { acceptsGzip, negotiateFormat } from '../src/index.ts'
import type { PageFormat } from '../src/index.ts'

describe('the format for an Accept header', () => {
  test.for<[string | undefined, PageFormat]>([
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
    ['text/plain', 'text'],
    ['text/*', 'text'],
    ['text/plain;version=0.0.4', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/*', 'openmetrics'],
    ['Application/OpenMetrics-Text; Version="1.0.0"; charset=utf-8', 'openmetrics'],
    ['application/openmetrics-text;version=0.0.1', 'text'],
    ['application/openmetrics-text;version=2.0.0,text/plain;q=0.1', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=0,*/*', 'text'],
    ['application/openmetrics-text;q=0.5,text/plain;q=0.4', 'openmetrics'],
    ['application/openmetrics-text;q=0.4,text/plain;q=0.5', 'text'],
    ['application/openmetrics-text;q=0.4,*/*;q=0.5', 'text'],
    ['application/openmetrics-text;q=0.5,*/*;q=0.1', 'openmetrics'],
    ['text/plain;q=0,*/*;q=0.1', 'openmetrics'],
    ['application/openmetrics-text,text/plain', 'openmetrics'],
    ['text/plain,application/openmetrics-text', 'text'],
    ['text/plain;q=nonsense,application/openmetrics-text;q=0.001', 'openmetrics'],
    [', ,;;q=1,,application/openmetrics-text;;', 'openmetrics'],
    ['text/csv;note="a,b;q=0",application/openmetrics-text', 'openmetrics'],
    // Prometheus 2.42
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    // Prometheus 3
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    // Prometheus 3 with native histograms
    [
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
  ])('%j is %s', ([accept, format]) => {
    expect(negotiateFormat(accept)).toBe(format)
  })
})

describe('gzip for an Accept-Encoding header', () => {
  test.for<[string | undefined, boolean]>([
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['GZIP', true],
    ['x-gzip', true],
    ['deflate, gzip;q=1.0, *;q=0.5', true],
    ['br', false],
    ['*', true],
    ['identity', false],
    ['gzip;q=0', false],
    ['gzip; q=0.0', false],
    ['gzip;q=0, *', false],
    ['*;q=0', false],
    ['gzip;q=0.001', true],
    ['gzip;q=0.5, identity', false],
    ['gzip;q=0.5, identity;q=0.5', true],
    ['gzip;q=x', false],
  ])('%j: %s', ([acceptEncoding, expected]) => {
    expect(acceptsGzip(acceptEncoding)).toBe(expected)
  })
})

test('no header makes the negotiation throw, or take long', () => {
  const header = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('"', '\\', ',', ';', '=', 'q', '*', '/', ' ', '1'), maxLength: 200 }),
  )
  fc.assert(
    fc.property(header, (text) => {
      expect(['text', 'openmetrics']).toContain(negotiateFormat(text))
      expect([true, false]).toContain(acceptsGzip(text))
    }),
    { numRuns: 2000 },
  )
})
