export { instrumentHandler, instrumentMcp, instrumentWire } from '@mcp/otel-protocol-instrumentation'
