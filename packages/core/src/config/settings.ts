import {
  bearerToken,
  host,
  integer,
  listOf,
  milliseconds,
  onOff,
  oneOf,
  routeTemplate,
  text,
  textMap,
  trueFalse,
} from './kinds.ts'
import { optional, setting, type OptionsOf, type ValuesOf } from './setting.ts'
import { logs, metrics, otlp, propagators, resourceDetectors, traces } from './standard-settings.ts'

const general = {
  disabled: setting(trueFalse, {
    env: 'OTEL_SDK_DISABLED',
    default: false,
    doc: 'Starts nothing and loads nothing.',
  }),
  serviceName: optional(text, {
    env: 'OTEL_SERVICE_NAME',
    defaultText: "name in the package.json nearest to the app's entry",
    doc: 'Name of the service in everything that is exported.',
  }),
  serviceVersion: optional(text, {
    env: 'MCP_OTEL_SERVICE_VERSION',
    defaultText: "version in the package.json nearest to the app's entry",
    doc: 'Version of the service, on /health and in everything that is exported.',
  }),
  logLevel: setting(oneOf('none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'), {
    env: 'OTEL_LOG_LEVEL',
    default: 'warn',
    doc: "Least severe of our own lines on stderr; `none` also silences the configuration's mistakes.",
  }),
  banner: setting(onOff, {
    env: 'MCP_OTEL_BANNER',
    default: true,
    doc: 'Says in one line on stderr what is on, and where.',
  }),
  flushOnExit: setting(onOff, {
    env: 'MCP_OTEL_FLUSH_ON_EXIT',
    default: true,
    doc: 'Sends what is pending when the process is told to stop or ends by itself; exit codes stay as they are. SIGTERM and SIGINT wait for the event loop then.',
  }),
  flushTimeoutMillis: setting(milliseconds, {
    env: 'MCP_OTEL_FLUSH_TIMEOUT',
    default: 3000,
    doc: 'How long an exit, `shutdown()` or `forceFlush()` waits for exporters.',
  }),
}

const endpoint = {
  enabled: setting(onOff, {
    env: 'MCP_OTEL_ENDPOINT',
    default: true,
    derivedDefault: (isSet) => !isSet('OTEL_METRICS_EXPORTER=none'),
    defaultText: 'on, unless OTEL_METRICS_EXPORTER is none',
    doc: 'Serves /metrics, /health, /livez, /readyz and /startupz on a port of its own.',
  }),
  host: setting(host, {
    env: ['OTEL_EXPORTER_PROMETHEUS_HOST', 'MCP_OTEL_HOST'],
    default: '127.0.0.1',
    doc: 'Address the endpoint listens on; `0.0.0.0` for all.',
  }),
  port: setting(integer(0, 65_535), {
    env: ['OTEL_EXPORTER_PROMETHEUS_PORT', 'MCP_OTEL_PORT'],
    default: 9464,
    doc: 'Port of the endpoint; 0 takes any free port, which the start-up line names.',
  }),
  token: optional(bearerToken, {
    env: 'MCP_OTEL_TOKEN',
    defaultText: 'none',
    doc: 'Token that /metrics and the details of /health ask for, as `Authorization: Bearer …`; probes need none.',
  }),
  trustNetwork: setting(onOff, {
    env: 'MCP_OTEL_TRUST_NETWORK',
    default: false,
    doc: 'States that whoever reaches the endpoint may read it; silences the warning about a host other than loopback without a token.',
  }),
  scrapeTimeoutMillis: setting(milliseconds, {
    env: 'MCP_OTEL_SCRAPE_TIMEOUT',
    default: 10_000,
    doc: 'How long a collection may take before /metrics answers 503.',
  }),
  maxConnections: setting(integer(1, 10_000), {
    env: 'MCP_OTEL_MAX_CONNECTIONS',
    default: 64,
    doc: 'Connections that the endpoint holds open at once.',
  }),
}

const http = {
  serverSpans: setting(oneOf('own', 'stock', 'off'), {
    env: 'MCP_OTEL_HTTP_SPANS',
    default: 'own',
    doc: 'Who makes the SERVER span of a request: we, from diagnostics channels; `@opentelemetry/instrumentation-http`; or nobody.',
  }),
  clientSpans: setting(onOff, {
    env: 'MCP_OTEL_HTTP_CLIENT_SPANS',
    default: true,
    doc: 'Makes CLIENT spans for `node:http` and `fetch`, and passes the trace on.',
  }),
  routes: setting(listOf(routeTemplate), {
    env: 'MCP_OTEL_HTTP_ROUTES',
    default: [],
    doc: 'Route templates, such as `/users/:id`, for servers without a framework that we know.',
  }),
  ignore: setting(listOf(text), {
    env: 'MCP_OTEL_HTTP_IGNORE',
    default: [],
    doc: 'Paths that are neither counted nor traced; `*` at the end takes all that begin so.',
  }),
}

const log = {
  file: optional(text, {
    env: 'MCP_OTEL_LOG_FILE',
    defaultText: 'none',
    doc: 'File that log lines are written to, one JSON object a line.',
  }),
  level: setting(oneOf('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'), {
    env: 'MCP_OTEL_LOG_LEVEL',
    default: 'INFO',
    doc: 'Least severe log line that is written.',
  }),
  maxBytes: setting(integer(0, Number.MAX_SAFE_INTEGER, 'bytes'), {
    env: 'MCP_OTEL_LOG_MAX_BYTES',
    default: 10_485_760,
    doc: 'Size at which the file is rotated; 0 never rotates it.',
  }),
  backupCount: setting(integer(0, 1000), {
    env: 'MCP_OTEL_LOG_BACKUP_COUNT',
    default: 5,
    doc: 'Rotated files that are kept.',
  }),
  console: setting(onOff, {
    env: 'MCP_OTEL_LOG_CONSOLE',
    default: false,
    doc: 'Writes log lines to stderr as well.',
  }),
  winston: setting(onOff, {
    env: 'MCP_OTEL_LOG_WINSTON',
    default: true,
    doc: "Puts the trace into the lines of the app's own winston loggers, and sends their records where logs are exported.",
  }),
  access: setting(onOff, {
    env: 'MCP_OTEL_LOG_ACCESS',
    default: true,
    doc: 'Writes a line for each request, where lines are written at all.',
  }),
  plugin: setting(onOff, {
    env: 'MCP_OTEL_LOG_PLUGIN',
    default: true,
    doc: 'Writes a line for each plugin execution, where lines are written at all.',
  }),
}

const mcp = {
  spans: setting(onOff, {
    env: 'MCP_OTEL_MCP_SPANS',
    default: true,
    doc: 'Makes spans for the requests and notifications of Model Context Protocol servers and clients.',
  }),
  metrics: setting(oneOf('both', 'conventions', 'executions', 'none'), {
    env: 'MCP_OTEL_MCP_METRICS',
    default: 'both',
    doc: "Metrics of the protocol: the conventions' own, tool calls as plugin executions, both, or none.",
  }),
  trustRemote: setting(oneOf('parent', 'link', 'off'), {
    env: 'MCP_OTEL_MCP_TRUST_REMOTE',
    default: 'parent',
    doc: 'What to make of the trace in a received message: continue it, start one that links to it, or ignore it; `link` for a public server.',
  }),
  messageBytes: setting(onOff, {
    env: 'MCP_OTEL_MCP_MESSAGE_BYTES',
    default: true,
    doc: 'Counts the bytes of messages, for which the size of each as JSON is worked out.',
  }),
  health: setting(oneOf('off', 'resource', 'tool', 'both'), {
    env: 'MCP_OTEL_MCP_HEALTH',
    default: 'off',
    doc: 'Offers the health of a server over stdio to its client: as the resource `health://server`, the tool `health`, or both.',
  }),
  healthDetails: setting(onOff, {
    env: 'MCP_OTEL_MCP_HEALTH_DETAILS',
    default: false,
    doc: 'Shows there also checks, queues, the process, and why something is not healthy.',
  }),
  captureArguments: setting(onOff, {
    env: 'MCP_OTEL_MCP_CAPTURE_ARGUMENTS',
    default: false,
    doc: 'Adds the arguments of tool calls to spans, after the secrets that are known by key or by shape have been taken out.',
  }),
  captureResults: setting(onOff, {
    env: 'MCP_OTEL_MCP_CAPTURE_RESULTS',
    default: false,
    doc: 'Adds the results of tool calls to spans, after the same.',
  }),
  captureMaxLength: setting(integer(1, 65_536, 'characters'), {
    env: 'MCP_OTEL_MCP_CAPTURE_MAX_LENGTH',
    default: 2000,
    doc: 'Longest JSON text of arguments or a result on a span; what is longer is cut.',
  }),
  guardStdout: setting(onOff, {
    env: 'MCP_OTEL_MCP_GUARD_STDOUT',
    default: false,
    doc: 'Moves to stderr, and counts, what other code writes to the stdout on which a server speaks.',
  }),
}

const queues = {
  plugins: setting(textMap('queue', 'plugin'), {
    env: 'MCP_OTEL_QUEUE_PLUGINS',
    default: {},
    defaultText: "the queue's name",
    doc: 'Plugins whose label queues are measured under, by the names of the queues; `*` at the end of a name takes all that begin so.',
  }),
  trace: setting(oneOf('parent', 'link'), {
    env: 'MCP_OTEL_QUEUE_TRACE',
    default: 'parent',
    doc: 'Whether the span of a job continues the trace of whoever put it in its queue, or has one of its own that links to it.',
  }),
  pollIntervalMillis: setting(milliseconds, {
    env: 'MCP_OTEL_QUEUE_POLL_INTERVAL',
    default: 10_000,
    doc: 'How often a process asks a broker for the sizes of its queues.',
  }),
}

/** Every setting there is: the options of `start()`, the environment, their check and their documentation derive from it. */
export const settings = {
  ...general,
  endpoint,
  http,
  mcp,
  queues,
  log,
  metrics,
  traces,
  logs,
  otlp,
  propagators,
  resourceDetectors,
}

/** What the settings come to, frozen. */
export type Config = ValuesOf<typeof settings>

/** Options of `start()` that are settings. */
export type ConfigOptions = OptionsOf<typeof settings>
