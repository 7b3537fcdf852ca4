import type { Exemplar, ResourceMetrics } from '../../src/index.ts'
import { REQUEST_BUCKETS } from '../../src/index.ts'
import { buckets, counter, gauge, histogram, upDownCounter, withResource } from './metrics.ts'

const EXEMPLAR: Exemplar = {
  value: 0.031,
  timestamp: 1_795_338_000.25,
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
}

/** The six metrics of the monitoring guide and one of each other kind, after a few requests. */
export const guideMetrics: ResourceMetrics = withResource(
  {
    'service.name': 'mcp',
    'service.version': '1.4.0',
    'process.pid': 4711,
    'process.command_args': ['node', 'server.js', '--token=secret'],
    'process.owner': 'root',
  },
  [
    counter(
      { name: 'mcp.requests', unit: '{request}', description: 'Total number of requests' },
      [{ method: 'GET', endpoint: '/users/:id', status: '200' }, 12, { exemplars: [EXEMPLAR] }],
      [{ method: 'POST', endpoint: '/run', status: '500' }, 1],
      [{ 'otel.metric.overflow': true }, 3],
    ),
    histogram({ name: 'mcp.request.duration', unit: 's', description: 'Request duration in seconds' }, [
      { method: 'GET', endpoint: '/users/:id' },
      buckets(REQUEST_BUCKETS, [3, 4, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 11.25),
      { exemplars: [EXEMPLAR, { ...EXEMPLAR, value: 10.5 }] },
    ]),
  ],
  [
    counter(
      { name: 'mcp.plugin.executions', unit: '{execution}', description: 'Total number of plugin executions' },
      [{ plugin: 'files', command: 'checksum', status: 'success' }, 7],
      [{ plugin: 'files', command: 'checksum', status: 'error' }, 0],
    ),
    histogram(
      { name: 'mcp.plugin.execution.duration', unit: 's', description: 'Plugin execution duration in seconds' },
      [{ plugin: 'files', command: 'checksum' }, buckets([0.5, 1, 60], [6, 0, 1, 0], 3.5)],
    ),
    upDownCounter({ name: 'mcp.queue.size', unit: '{job}', description: 'Current size of the job queue' }, [
      { plugin: 'files' },
      2,
    ]),
    histogram({ name: 'mcp.queue.wait', unit: 's', description: 'Time jobs spend in queue' }, [
      { plugin: 'files' },
      buckets([0.005, 1], [7, 0, 0], 0.01),
    ]),
    gauge({ name: 'mcp.plugin.last_execution.timestamp', unit: 's', description: 'When the last execution ended' }, [
      { plugin: 'files' },
      1_795_338_001.5,
    ]),
    gauge({ name: 'nodejs.eventloop.utilization', unit: '1', description: 'Share of time spent working' }, [{}, 0.25]),
  ],
)
