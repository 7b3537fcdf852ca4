declare module '@elastic/mockotlpserver' {
  export interface MockOtlpServerOptions {
    logLevel?: string
    services?: ReadonlyArray<'http' | 'grpc' | 'ui'>
    httpHostname?: string
    httpPort?: number
    grpcHostname?: string
    grpcPort?: number
    onTrace?(request: unknown): void
    onMetrics?(request: unknown): void
    onLogs?(request: unknown): void
    onRequest?(request: unknown): void
  }

  export class MockOtlpServer {
    constructor(options?: MockOtlpServerOptions)
    readonly httpUrl: URL | string
    readonly grpcUrl: URL | string
    start(): Promise<void>
    close(): Promise<void>
  }

  export function normalizeTrace(request: unknown): unknown
  export function normalizeMetrics(request: unknown): unknown
  export function normalizeLogs(request: unknown): unknown
}
