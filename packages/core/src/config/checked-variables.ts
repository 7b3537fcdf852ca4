import { attributePairs, headerPairs, milliseconds, oneOf, text, trueFalse, type Kind } from './kinds.ts'

/** A variable that is read elsewhere, most by the SDK: we only say so when its value is wrong. */
export interface CheckedVariable {
  readonly name: string
  readonly kind: Kind<unknown>
  /** What is used when it is unset or wrong. */
  readonly otherwise: string
  readonly doc: string
}

const SIGNALS = ['TRACES', 'METRICS', 'LOGS'] as const
const file = { ...text, accepts: 'the path of a file' }

function perSignal(what: string, kind: Kind<unknown>, doc: string): CheckedVariable[] {
  return SIGNALS.map((signal) => ({
    name: `OTEL_EXPORTER_OTLP_${signal}_${what}`,
    kind,
    otherwise: `OTEL_EXPORTER_OTLP_${what}`,
    doc: `${doc}, of ${signal.toLowerCase()} alone.`,
  }))
}

function forAll(what: string, kind: Kind<unknown>, otherwise: string, doc: string): CheckedVariable[] {
  const general = { name: `OTEL_EXPORTER_OTLP_${what}`, kind, otherwise, doc: `${doc}.` }
  return [general, ...perSignal(what, kind, doc)]
}

export const checkedVariables: readonly CheckedVariable[] = [
  ...perSignal('HEADERS', headerPairs, 'Headers that go with each export'),
  ...perSignal('TIMEOUT', milliseconds, 'How long one export may take'),
  ...perSignal('COMPRESSION', oneOf('none', 'gzip'), 'Compression of the export'),
  ...forAll('CERTIFICATE', file, "the system's certificates", 'Certificates that the receiver is trusted by'),
  ...forAll('CLIENT_KEY', file, 'none', 'Private key for mutual TLS'),
  ...forAll('CLIENT_CERTIFICATE', file, 'none', 'Our certificate for mutual TLS'),
  ...forAll('INSECURE', trueFalse, 'false', 'Whether gRPC goes without TLS where the endpoint has no scheme'),
  {
    name: 'OTEL_RESOURCE_ATTRIBUTES',
    kind: attributePairs,
    otherwise: 'none',
    doc: 'Attributes that describe this process in all that is exported; `key=value` pairs separated by commas.',
  },
  {
    name: 'OTEL_CONFIG_FILE',
    kind: file,
    otherwise: 'none',
    doc: "OpenTelemetry's declarative configuration file (YAML): what it declares takes the place of the exporters, samplers, propagators and resource here.",
  },
  {
    name: 'OTEL_EXPERIMENTAL_CONFIG_FILE',
    kind: file,
    otherwise: 'none',
    doc: 'The same by its former name.',
  },
  {
    name: 'OTEL_SEMCONV_STABILITY_OPT_IN',
    kind: text,
    otherwise: 'none',
    doc: 'Which generation of attribute names the stock instrumentations use.',
  },
  {
    name: 'OTEL_NODE_EXPERIMENTAL_SDK_METRICS',
    kind: trueFalse,
    otherwise: 'false',
    doc: "Adds the SDK's own otel.sdk.* metrics.",
  },
  {
    name: 'OTEL_EXPORTER_ZIPKIN_ENDPOINT',
    kind: text,
    otherwise: 'http://localhost:9411/api/v2/spans',
    doc: 'Where the zipkin exporter sends to.',
  },
  {
    name: 'MCP_OTEL_CONFIG_FILE',
    kind: file,
    otherwise: 'mcp.otel.json, .ts, .mjs, .cjs or .js of the app',
    doc: 'Configuration file, relative to the working directory; `none` reads none.',
  },
  {
    name: 'MCP_OTEL_AUDIT_KEY',
    kind: { ...text, secret: true },
    otherwise: 'none',
    doc: 'Key that `mcp-otel audit verify` checks a sealed audit trail with.',
  },
]
