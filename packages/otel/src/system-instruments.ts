import type { Catalogue } from '@mcp/otel-core'

/** What the machine does, by the names of OpenTelemetry's semantic conventions. */
export const systemInstruments = {
  cpuTime: {
    kind: 'observableCounter',
    name: 'system.cpu.time',
    unit: 's',
    help: 'Time that the logical CPUs of the machine spent, by mode, in seconds',
    attributes: { 'cpu.mode': ['user', 'nice', 'system', 'idle', 'iowait', 'interrupt', 'steal'] },
  },
  memoryUsage: {
    kind: 'observableUpDownCounter',
    name: 'system.memory.usage',
    unit: 'By',
    help: 'Memory of the machine by state, in bytes; the states add up to the whole',
    attributes: { 'system.memory.state': ['used', 'free', 'buffers', 'cached'] },
  },
  memoryLimit: {
    kind: 'observableUpDownCounter',
    name: 'system.memory.limit',
    unit: 'By',
    help: 'Memory of the machine, in bytes',
    attributes: {},
  },
  diskIo: {
    kind: 'observableCounter',
    name: 'system.disk.io',
    unit: 'By',
    help: 'Bytes read from and written to the disks of the machine',
    attributes: { 'system.device': 'string', 'disk.io.direction': ['read', 'write'] },
  },
  diskOperations: {
    kind: 'observableCounter',
    name: 'system.disk.operations',
    unit: '{operation}',
    help: 'Operations that the disks of the machine completed',
    attributes: { 'system.device': 'string', 'disk.io.direction': ['read', 'write'] },
  },
  networkIo: {
    kind: 'observableCounter',
    name: 'system.network.io',
    unit: 'By',
    help: 'Bytes received and transmitted by the network interfaces of the machine',
    attributes: { 'network.interface.name': 'string', 'network.io.direction': ['receive', 'transmit'] },
  },
  networkErrors: {
    kind: 'observableCounter',
    name: 'system.network.errors',
    unit: '{error}',
    help: 'Errors of the network interfaces of the machine',
    attributes: { 'network.interface.name': 'string', 'network.io.direction': ['receive', 'transmit'] },
  },
} as const satisfies Catalogue
