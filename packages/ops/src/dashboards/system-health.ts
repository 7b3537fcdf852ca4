import { quantileBy, rateBy } from './expressions.ts'
import type { DashboardSpec } from './panel-spec.ts'

export const systemHealth: DashboardSpec = {
  uid: 'mcp-system-health',
  title: 'MCP / System Health',
  description: 'Health checks, and the processor, memory, disks and network of the process and its machine.',
  rows: [
    {
      title: 'Health',
      panels: [
        {
          title: 'Health Checks',
          kind: 'stat',
          description: '1 healthy, 0.5 degraded, 0 unhealthy, by component: the worst instance.',
          unit: 'short',
          queries: [{ expr: 'min by (component) (mcp_health_check_status)', legend: '{{component}}' }],
          width: 18,
        },
        {
          title: 'Up Since',
          kind: 'stat',
          description: 'Time since the process started.',
          unit: 's',
          queries: [{ expr: 'time() - process_start_time_seconds', legend: '{{instance}}' }],
          width: 6,
        },
      ],
    },
    {
      title: 'CPU',
      panels: [
        {
          title: 'CPU Usage of the Process',
          kind: 'timeseries',
          description: 'Processor time per second: 1 is one CPU.',
          unit: 'short',
          queries: [
            { expr: 'rate(process_cpu_user_seconds_total[$__rate_interval])', legend: 'user {{instance}}' },
            { expr: 'rate(process_cpu_system_seconds_total[$__rate_interval])', legend: 'system {{instance}}' },
          ],
          stack: true,
        },
        {
          title: 'CPU Usage of the Machine',
          kind: 'timeseries',
          description: 'Share of all CPUs by mode, without idle.',
          unit: 'percentunit',
          queries: [
            {
              expr: 'sum by (job, instance, cpu_mode) (rate(system_cpu_time_seconds_total{cpu_mode!="idle"}[$__rate_interval])) / on (job, instance) group_left sum by (job, instance) (rate(system_cpu_time_seconds_total[$__rate_interval]))',
              legend: '{{cpu_mode}} {{instance}}',
            },
          ],
          max: 1,
          stack: true,
        },
        {
          title: 'Event Loop Delay',
          kind: 'timeseries',
          description: 'How late the event loop is: requests wait at least as long.',
          unit: 's',
          queries: [
            { expr: 'nodejs_eventloop_lag_p99_seconds', legend: 'p99 {{instance}}' },
            { expr: 'nodejs_eventloop_lag_max_seconds', legend: 'max {{instance}}' },
          ],
        },
        {
          title: 'Garbage Collection',
          kind: 'timeseries',
          description: 'Time per second spent in garbage collection, by kind.',
          unit: 'percentunit',
          queries: [
            {
              expr: rateBy('instance, kind', 'nodejs_gc_duration_seconds_sum'),
              legend: '{{kind}} {{instance}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Memory',
      panels: [
        {
          title: 'Memory Usage of the Process',
          kind: 'timeseries',
          description: 'Resident memory, and the heap in it.',
          unit: 'bytes',
          queries: [
            { expr: 'process_resident_memory_bytes', legend: 'resident {{instance}}' },
            { expr: 'nodejs_heap_size_total_bytes', legend: 'heap {{instance}}' },
            { expr: 'nodejs_heap_size_used_bytes', legend: 'heap used {{instance}}' },
            { expr: 'nodejs_external_memory_bytes', legend: 'external {{instance}}' },
          ],
        },
        {
          title: 'Memory Usage of the Machine',
          kind: 'timeseries',
          description: 'Memory by state; the states add up to the whole.',
          unit: 'bytes',
          queries: [
            {
              expr: 'sum by (instance, system_memory_state) (system_memory_usage_bytes)',
              legend: '{{system_memory_state}} {{instance}}',
            },
          ],
          stack: true,
        },
      ],
    },
    {
      title: 'Disk and Network',
      panels: [
        {
          title: 'Disk I/O',
          kind: 'timeseries',
          description: 'Bytes per second by disk and direction.',
          unit: 'Bps',
          queries: [
            {
              expr: rateBy('instance, system_device, disk_io_direction', 'system_disk_io_bytes_total'),
              legend: '{{disk_io_direction}} {{system_device}} {{instance}}',
            },
          ],
        },
        {
          title: 'Disk Operations',
          kind: 'timeseries',
          description: 'Operations per second by disk and direction.',
          unit: 'iops',
          queries: [
            {
              expr: rateBy('instance, system_device, disk_io_direction', 'system_disk_operations_total'),
              legend: '{{disk_io_direction}} {{system_device}} {{instance}}',
            },
          ],
        },
        {
          title: 'Network Traffic',
          kind: 'timeseries',
          description: 'Bytes per second by interface and direction.',
          unit: 'Bps',
          queries: [
            {
              expr: rateBy('instance, network_interface_name, network_io_direction', 'system_network_io_bytes_total'),
              legend: '{{network_io_direction}} {{network_interface_name}} {{instance}}',
            },
          ],
        },
        {
          title: 'Network Errors',
          kind: 'timeseries',
          description: 'Errors per second by interface and direction.',
          unit: 'ops',
          queries: [
            {
              expr: rateBy('instance, network_interface_name, network_io_direction', 'system_network_errors_total'),
              legend: '{{network_io_direction}} {{network_interface_name}} {{instance}}',
            },
          ],
        },
        {
          title: 'File Descriptors',
          kind: 'timeseries',
          description: 'Share of the descriptors that the process may open.',
          unit: 'percentunit',
          queries: [{ expr: 'process_open_fds / process_max_fds', legend: '{{instance}}' }],
          max: 1,
        },
        {
          title: 'Duration of Health Checks',
          kind: 'timeseries',
          description: '95th percentile by component.',
          unit: 's',
          queries: [
            {
              expr: quantileBy('component', 'mcp_health_check_duration_seconds'),
              legend: '{{component}}',
            },
          ],
        },
      ],
    },
  ],
}
