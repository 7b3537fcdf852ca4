export { instrumentQueue, queueEngines } from '@mcp/otel-queue-instrumentation'
