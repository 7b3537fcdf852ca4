import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { labelName, prometheusName } from '../src/index.ts'
import type { InstrumentKind } from '../src/index.ts'

describe('the Prometheus name of a metric', () => {
  test.for<[string, string, InstrumentKind, string]>([
    ['mcp.requests', '{request}', 'counter', 'mcp_requests_total'],
    ['mcp.request.duration', 's', 'histogram', 'mcp_request_duration_seconds'],
    ['mcp.plugin.executions', '{execution}', 'counter', 'mcp_plugin_executions_total'],
    ['mcp.plugin.execution.duration', 's', 'histogram', 'mcp_plugin_execution_duration_seconds'],
    ['mcp.queue.size', '{job}', 'upDownCounter', 'mcp_queue_size'],
    ['mcp.queue.size', '{job}', 'observableGauge', 'mcp_queue_size'],
    ['mcp.queue.wait', 's', 'histogram', 'mcp_queue_wait_seconds'],
    ['mcp.plugin.last_execution.timestamp', 's', 'gauge', 'mcp_plugin_last_execution_timestamp_seconds'],
    ['mcp.queue.oldest_job.age', 's', 'observableGauge', 'mcp_queue_oldest_job_age_seconds'],
  ])("is the guide's for %s in %s, a %s", ([name, unit, kind, expected]) => {
    expect(prometheusName(name, unit, kind)).toBe(expected)
  })

  test.for<[string, string, InstrumentKind, string]>([
    ['system.memory.usage', 'By', 'upDownCounter', 'system_memory_usage_bytes'],
    ['system.cpu.time', 's', 'observableCounter', 'system_cpu_time_seconds_total'],
    ['nodejs.eventloop.utilization', '1', 'gauge', 'nodejs_eventloop_utilization_ratio'],
    ['system.network.io', 'By', 'counter', 'system_network_io_bytes_total'],
    ['response_time', 'ms', 'gauge', 'response_time_milliseconds'],
    ['throughput', 'By/s', 'gauge', 'throughput_bytes_per_second'],
    ['requests', '1/s', 'gauge', 'requests_per_second'],
    ['requests', '{request}/s', 'gauge', 'requests_per_second'],
    ['speed', 'm/s', 'gauge', 'speed_meters_per_second'],
    ['rate', '1/min', 'gauge', 'rate_per_minute'],
    ['sent', 'By{transferred}', 'counter', 'sent_bytes_total'],
    ['ram', 'MiBy', 'gauge', 'ram_mebibytes'],
    ['disk', 'TiBy', 'gauge', 'disk_tebibytes'],
    ['load', '%', 'gauge', 'load_percent'],
    ['temperature', 'Cel', 'gauge', 'temperature_celsius'],
    ['custom_metric', 'custom_unit', 'gauge', 'custom_metric_custom_unit'],
    ['m', 'unit@with#special/chars', 'gauge', 'm_unit_with_special_per_chars'],
    ['m', 'constructor', 'gauge', 'm_constructor'],
    ['m', '', 'gauge', 'm'],
    ['m', '/', 'gauge', 'm'],
    ['m', '{a}/{b}', 'gauge', 'm'],
    ['items', '1', 'counter', 'items_total'],
    ['items', '1', 'upDownCounter', 'items'],
  ])('takes the unit of %s in %s, a %s, as a word', ([name, unit, kind, expected]) => {
    expect(prometheusName(name, unit, kind)).toBe(expected)
  })

  test.for<[string, string, InstrumentKind, string]>([
    ['requests_total', '', 'counter', 'requests_total'],
    ['requests.total', 's', 'counter', 'requests_seconds_total'],
    ['total', '', 'counter', 'total_total'],
    ['wait.seconds', 's', 'histogram', 'wait_seconds'],
    ['cpu_seconds_total', 's', 'counter', 'cpu_seconds_total'],
    ['cpu_usage_ratio', '1', 'gauge', 'cpu_usage_ratio'],
    ['requests_per_second', '1/s', 'gauge', 'requests_per_second'],
    ['wait_custom_unit', 'custom_unit', 'gauge', 'wait_custom_unit'],
    ['milliseconds.since', 's', 'gauge', 'milliseconds_since_seconds'],
  ])('doubles no suffix of %s in %s, a %s', ([name, unit, kind, expected]) => {
    expect(prometheusName(name, unit, kind)).toBe(expected)
  })

  test.for<[string, string]>([
    ['http/server-latency', 'http_server_latency'],
    ['a..b__c', 'a_b_c'],
    ['_private_', 'private'],
    ['3xx.responses', '_3xx_responses'],
    ['job:rate', 'job:rate'],
    ['grüße', 'gr_e'],
    ['', ''],
    ['…', ''],
  ])('makes %j into %j', ([name, expected]) => {
    expect(prometheusName(name, '', 'gauge')).toBe(expected)
  })

  test('is valid, or empty, for any name and unit, and naming a name again changes nothing', () => {
    const kinds = fc.constantFrom<InstrumentKind>('counter', 'upDownCounter', 'gauge', 'histogram')
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('s', '1', 'By/s', '{a}/s', 'total'),
    )
    fc.assert(
      fc.property(text, text, kinds, (name, unit, kind) => {
        const found = prometheusName(name, unit, kind)
        expect(found).toMatch(/^(?:[a-zA-Z_:][a-zA-Z0-9_:]*)?$/)
        expect(found).not.toMatch(/__/)
        expect(prometheusName(found, unit, kind)).toBe(found)
        expect(kind !== 'counter' || found === '' || found.endsWith('_total')).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the label name of an attribute', () => {
  test.for([
    ['method', 'method'],
    ['http.request.method', 'http_request_method'],
    ['otel.metric.overflow', 'otel_metric_overflow'],
    ['a..b', 'a_b'],
    ['2xx', 'key_2xx'],
    ['__name__', '_name_'],
    ['le', 'exported_le'],
    ['quantile', 'exported_quantile'],
    ['otel.scope.name', 'exported_otel_scope_name'],
    ['', '_'],
    ['💥', '_'],
  ] as const)('makes %j into %j', ([attribute, expected]) => {
    expect(labelName(attribute)).toBe(expected)
  })

  test('is valid and not reserved, whatever the attribute is called', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (attribute) => {
        expect(labelName(attribute)).toMatch(/^(?!__|le$|quantile$)[a-zA-Z_][a-zA-Z0-9_]*$/)
      }),
    )
  })
})
