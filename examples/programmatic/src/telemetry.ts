import { start } from '@mcp/otel'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { ConsoleSpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'

/**
 * The telemetry of this process: what is given here beats the environment, and `sdk` takes the options of OpenTelemetry's
 * own `NodeSDK` as they are. An `OTLPTraceExporter` goes where the console's stands.
 */
export const telemetry = start({
  serviceName: 'orders',
  serviceVersion: '1.4.0',
  // The app serves /metrics and /health itself.
  endpoint: { enabled: false },
  // It has no framework that would know its routes.
  http: { routes: ['/orders', '/orders/:id'] },
  sdk: {
    resource: resourceFromAttributes({ 'deployment.environment.name': 'example' }),
    spanProcessors: [new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })],
  },
})
