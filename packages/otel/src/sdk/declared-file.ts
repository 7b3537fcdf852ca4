/** Returns OpenTelemetry's declarative configuration file, which the specification once called by another variable. */
export function declaredFile(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const names = ['OTEL_CONFIG_FILE', 'OTEL_EXPERIMENTAL_CONFIG_FILE']
  return names.map((name) => env[name]?.trim()).find((file) => file !== undefined && file !== '')
}
