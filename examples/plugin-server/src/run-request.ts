import { Ajv, type JSONSchemaType } from 'ajv'

import { RequestError } from './request-error.ts'

/** What `POST /run` asks for. */
export interface RunRequest {
  readonly plugin: string
  readonly command: string
  readonly args: Record<string, unknown>
}

const schema: JSONSchemaType<RunRequest> = {
  type: 'object',
  properties: {
    plugin: { type: 'string' },
    command: { type: 'string' },
    args: { type: 'object', required: [], default: {} },
  },
  required: ['plugin', 'command'],
  additionalProperties: false,
}

const isRunRequest = new Ajv({ allErrors: true, useDefaults: true }).compile(schema)

/** Checks the shape of a request's body; whether there is such a plugin is not asked here. */
export function parseRunRequest(body: unknown): RunRequest {
  if (isRunRequest(body)) return body
  const issues = isRunRequest.errors?.map(({ instancePath, message = '' }) => ({ path: instancePath, message })) ?? []
  const message = issues.map(({ path, message: what }) => `${path || 'the body'} ${what}`).join('; ')
  throw new RequestError(400, 'invalid_request', `${message}; expected {"plugin", "command", "args"}`, { issues })
}
