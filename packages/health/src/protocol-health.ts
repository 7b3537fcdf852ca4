import type { Health } from './create-health.ts'

/** How a Model Context Protocol server without HTTP tells its health. */
export interface ProtocolHealthOptions {
  /** Whether the client sees checks, server, queues and errors too. Default false: the five public fields. */
  readonly detailed?: boolean
}

/** A tool as data: hand the parts to `registerTool` of the SDK in use. */
export interface HealthTool {
  readonly name: string
  readonly description: string
  /** JSON Schema: no arguments. */
  readonly inputSchema: {
    readonly type: 'object'
    readonly properties: Readonly<Record<string, never>>
    readonly additionalProperties: false
  }
  readonly annotations: { readonly readOnlyHint: true; readonly openWorldHint: false }
  readonly handler: () => Promise<{
    content: { type: 'text'; text: string }[]
    structuredContent: Record<string, unknown>
  }>
}

/** A resource as data: hand the parts to `registerResource` of the SDK in use. */
export interface HealthResource {
  readonly name: string
  readonly uri: string
  readonly description: string
  readonly mimeType: 'application/json'
  readonly handler: () => Promise<{ contents: { uri: string; mimeType: string; text: string }[] }>
}

const DESCRIPTION =
  'Health of this server: status, version, uptime in seconds, jobs waiting, and the state of each plugin'

/** Returns the health as a tool, `health` by name. An unhealthy server is an answer, not an error of the tool. */
export function healthTool(
  health: Pick<Health, 'report'>,
  { detailed = false }: ProtocolHealthOptions = {},
): HealthTool {
  return {
    name: 'health',
    description: DESCRIPTION,
    inputSchema: { type: 'object', properties: {}, additionalProperties: false },
    annotations: { readOnlyHint: true, openWorldHint: false },
    handler: async () => {
      const report = await health.report({ detailed })
      return { content: [{ type: 'text', text: JSON.stringify(report) }], structuredContent: { ...report } }
    },
  }
}

/** Returns the health as a resource, `health://server`. */
export function healthResource(
  health: Pick<Health, 'report'>,
  { detailed = false }: ProtocolHealthOptions = {},
): HealthResource {
  const uri = 'health://server'
  return {
    name: 'health',
    uri,
    description: DESCRIPTION,
    mimeType: 'application/json',
    handler: async () => {
      const text = JSON.stringify(await health.report({ detailed }))
      return { contents: [{ uri, mimeType: 'application/json', text }] }
    },
  }
}
