/** Whether the SDK is to tell metrics of its own: `otel.sdk.*`. */
export function measuresItself(): boolean {
  return /^\s*true\s*$/i.test(process.env['OTEL_NODE_EXPERIMENTAL_SDK_METRICS'] ?? '')
}
