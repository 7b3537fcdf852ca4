import type { Catalogue } from '@mcp/otel-core'

/** Seconds, as the conventions for the Model Context Protocol have them. */
export const PROTOCOL_BUCKETS: readonly number[] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]

/** What tells a failed operation, and how it travelled; what does not apply is left out. */
const OUTCOME = {
  'mcp.protocol.version': 'string',
  'network.transport': ['pipe', 'tcp', ''],
  'network.protocol.name': ['http', 'websocket', ''],
  'error.type': 'string',
} as const

const OPERATION = {
  'mcp.method.name': 'string',
  'gen_ai.operation.name': ['execute_tool', ''],
  'gen_ai.tool.name': 'string',
  'gen_ai.prompt.name': 'string',
  'rpc.response.status_code': 'string',
  ...OUTCOME,
} as const

const SERVER_ADDRESS = { 'server.address': 'string', 'server.port': 'string' } as const

const OPTIONAL = Object.keys({ ...OPERATION, ...SERVER_ADDRESS }).filter((name) => name !== 'mcp.method.name')

const ROLES = ['server', 'client'] as const

/** What is measured about the Model Context Protocol: the conventions' four histograms, and what they leave out. */
export const protocolInstruments = {
  serverOperationDuration: {
    kind: 'histogram',
    name: 'mcp.server.operation.duration',
    unit: 's',
    help: 'Duration of an MCP request or notification as observed by its receiver',
    attributes: OPERATION,
    optional: OPTIONAL.filter((name) => name in OPERATION),
    buckets: PROTOCOL_BUCKETS,
  },
  clientOperationDuration: {
    kind: 'histogram',
    name: 'mcp.client.operation.duration',
    unit: 's',
    help: 'Duration of an MCP request or notification as observed by its sender, until it was answered',
    attributes: { ...OPERATION, ...SERVER_ADDRESS },
    optional: OPTIONAL,
    buckets: PROTOCOL_BUCKETS,
  },
  serverSessionDuration: {
    kind: 'histogram',
    name: 'mcp.server.session.duration',
    unit: 's',
    help: 'Duration of an MCP session as observed by the server',
    attributes: OUTCOME,
    optional: OPTIONAL.filter((name) => name in OUTCOME),
    buckets: PROTOCOL_BUCKETS,
  },
  clientSessionDuration: {
    kind: 'histogram',
    name: 'mcp.client.session.duration',
    unit: 's',
    help: 'Duration of an MCP session as observed by the client',
    attributes: { ...OUTCOME, ...SERVER_ADDRESS },
    optional: OPTIONAL.filter((name) => name in OUTCOME || name in SERVER_ADDRESS),
    buckets: PROTOCOL_BUCKETS,
  },
  sessions: {
    kind: 'counter',
    name: 'mcp.protocol.sessions',
    unit: '{session}',
    help: 'Total number of MCP sessions by what the other side calls itself',
    attributes: { role: ROLES, peer_name: 'string', peer_version: 'string', protocol_version: 'string' },
  },
  activeSessions: {
    kind: 'upDownCounter',
    name: 'mcp.protocol.active_sessions',
    unit: '{session}',
    help: 'Number of open MCP sessions',
    attributes: { role: ROLES },
  },
  activeRequests: {
    kind: 'upDownCounter',
    name: 'mcp.protocol.active_requests',
    unit: '{request}',
    help: 'Number of MCP requests without an answer: received as server, sent as client',
    attributes: { role: ROLES },
  },
  messageBytes: {
    kind: 'counter',
    name: 'mcp.protocol.message_bytes',
    unit: 'By',
    help: 'Total size of MCP messages as JSON text',
    attributes: { role: ROLES, direction: ['received', 'sent'] },
  },
  strayWrites: {
    kind: 'counter',
    name: 'mcp.protocol.stray_writes',
    unit: '{write}',
    help: 'Total number of writes to standard output that were no MCP messages and were moved to standard error',
    attributes: {},
  },
} as const satisfies Catalogue
