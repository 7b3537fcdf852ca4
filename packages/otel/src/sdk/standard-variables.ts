import { checkedVariables, listSettings, settings, type Config } from '@mcp/otel-core'

/**
 * Returns the standard variables that SDK code reads by itself as the configuration has them: options are in them, and
 * values that are wrong are not.
 */
export function standardVariables(config: Config, env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const variables: Record<string, string | undefined> = {}
  const { otlp, traces, metrics, logs } = settings
  const groups = {
    otlp,
    traces: target(traces),
    metrics: { ...target(metrics), temporality: metrics.temporality },
    logs: target(logs),
  }
  for (const { path, setting } of listSettings(groups)) {
    const value = path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], config)
    const isStated = value !== setting.default
    for (const name of setting.env) variables[name] = isStated ? String(value) : undefined
  }
  for (const { name, kind } of checkedVariables) {
    const given = env[name]?.trim()
    if (given !== undefined && given !== '' && kind.fromText(given) === undefined) variables[name] = undefined
  }
  return variables
}

function target<T extends { readonly protocol: unknown; readonly endpoint: unknown }>({ protocol, endpoint }: T) {
  return { protocol, endpoint }
}
