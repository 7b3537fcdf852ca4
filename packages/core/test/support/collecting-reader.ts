import { MetricReader } from '@opentelemetry/sdk-metrics'

/** The SDK's reader at its barest: collects when it is asked to. */
export class CollectingReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
