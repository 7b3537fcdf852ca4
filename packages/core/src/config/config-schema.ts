import { listSettings, type NamedSetting } from './setting.ts'
import { settings } from './settings.ts'

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * Returns the JSON Schema (draft 7) of the settings as a file or `start()` has them: by groups, unknown names refused, null
 * for unset. What is wrong only with settings taken together, and whether a host can be one, it cannot tell.
 */
export function configSchema(): JsonSchema {
  const { type, additionalProperties, properties } = groupSchema(settings)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Settings of @mcp/otel',
    description: 'A file mcp.otel.json, or the options of start() that are settings.',
    type: (type as readonly string[])[0],
    additionalProperties,
    properties: { $schema: { description: 'Where this schema is, for editors.' }, ...(properties as object) },
  }
}

function groupSchema(group: object): JsonSchema {
  const own = new Map(listSettings(group).map(({ path, setting }) => [path, setting]))
  const properties = Object.entries(group).map(([name, entry]: [string, object]) => {
    const setting = own.get(name)
    return [name, setting === undefined ? groupSchema(entry) : settingSchema(setting)]
  })
  return { type: ['object', 'null'], additionalProperties: false, properties: Object.fromEntries(properties) }
}

function settingSchema(setting: NamedSetting['setting']): JsonSchema {
  const { default: value, defaultText, doc, env, kind } = setting
  const variables = env.length === 0 ? '' : ` Variable: ${env.join(' or ')}.`
  return {
    description: `${doc}${variables}${defaultText === undefined ? '' : ` Default: ${defaultText}.`}`,
    ...orNull(kind.schema),
    ...(defaultText === undefined && value !== undefined && { default: value }),
  }
}

/** In a file as in code, null leaves a setting unset. */
function orNull(schema: JsonSchema): JsonSchema {
  const { enum: words, type } = schema
  if (Array.isArray(words)) return { ...schema, enum: [...(words as readonly unknown[]), null] }
  return { ...schema, type: [type, 'null'] }
}
