import type { MeterProvider, TracerProvider } from '@opentelemetry/api'

/** What the conventions for generative AI have as opt-in, because it is sensitive. */
export interface CaptureOptions {
  readonly arguments?: boolean | undefined
  readonly results?: boolean | undefined
  /** Takes out what must not be seen; there is no capture without it. */
  readonly redact: (value: unknown) => unknown
  /** Longest JSON text that is kept; default 2000 characters. */
  readonly maxLength?: number | undefined
}

/** How the Model Context Protocol is observed. */
export interface McpOptions {
  /** Makes spans by the conventions; default true. */
  readonly spans?: boolean | undefined
  /**
   * Which metrics to record: those of the conventions (`mcp.server.operation.duration` …), those of plugin executions, in
   * which a server is a plugin and a tool its command (`mcp.plugin.executions` …), or, as by default, both.
   */
  readonly metrics?: 'conventions' | 'executions' | 'both' | 'none' | undefined
  /**
   * What to make of the trace in a received message: continue it (`parent`, default), or start a trace of our own that
   * links to it (`link`), or none (`off`). Whoever can send messages can send any trace: choose `link` for the public.
   */
  readonly trustRemote?: 'parent' | 'link' | 'off' | undefined
  /** Passes the trace on in messages that are sent; default true. */
  readonly propagate?: boolean | undefined
  /** Counts the bytes of messages, for which the size of each as JSON is worked out; never in memory. Default true. */
  readonly messageBytes?: boolean | undefined
  /** Adds the resource URI to the attributes of spans; default true. */
  readonly resourceUri?: boolean | undefined
  /** Adds contents of tool calls to spans; default: none, only keys and sizes. */
  readonly capture?: CaptureOptions | undefined
  /** Moves to stderr what other code writes to stdout while a server speaks on it; default false. */
  readonly guardStdout?: boolean | undefined
  /** Default: the global meter provider, also when it is registered only later. */
  readonly meterProvider?: MeterProvider | undefined
  /** Default: the global tracer provider, also when it is registered only later. */
  readonly tracerProvider?: TracerProvider | undefined
}
