import { realpathSync, statSync } from 'node:fs'
import path from 'node:path'

import { Ajv, type ErrorObject, type SchemaObject, type SchemaValidateFunction } from 'ajv'

import { type ArgumentIssue, RequestError } from './request-error.ts'

/** Fills in the defaults of `args` and throws a `RequestError` that names everything that is wrong with them. */
export type ValidateArguments = (args: Record<string, unknown>) => void

/**
 * Makes validators of commands' arguments out of their JSON schemas. Beyond the standard keywords a schema may say
 * `"format": "regex"` and `"path": "file" | "directory"`: a path that exists and stays within the root.
 */
export function createArgumentCompiler(root: string): (schema: SchemaObject) => ValidateArguments {
  const realRoot = realpathSync(root)
  const ajv = new Ajv({ allErrors: true, useDefaults: true })
  ajv.addFormat('regex', isRegularExpression)
  ajv.addKeyword({
    keyword: 'path',
    type: 'string',
    metaSchema: { enum: ['file', 'directory'] },
    errors: true,
    validate: pathKeyword(realRoot),
  })
  return (schema) => {
    const validate = ajv.compile(schema)
    return (args) => {
      if (!validate(args)) throw toRequestError(validate.errors ?? [])
    }
  }
}

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    return false
  }
}

function pathKeyword(root: string): SchemaValidateFunction {
  const validate: SchemaValidateFunction = (kind: 'file' | 'directory', value: string) => {
    const issue = pathIssue(root, kind, value)
    if (issue === undefined) return true
    validate.errors = [{ keyword: 'path', ...issue }]
    return false
  }
  return validate
}

function pathIssue(root: string, kind: 'file' | 'directory', value: string): Partial<ErrorObject> | undefined {
  const outside = { message: 'leads outside the root', params: { outside: true } }
  const missing = { message: `is no ${kind} under the root`, params: {} }
  if (value.includes('\0')) return missing
  const resolved = path.resolve(root, value)
  // Before the file system is asked, so that nobody learns what exists outside.
  if (!isWithin(root, resolved)) return outside
  try {
    const real = realpathSync(resolved)
    if (!isWithin(root, real)) return outside
    const stats = statSync(real)
    return (kind === 'file' ? stats.isFile() : stats.isDirectory()) ? undefined : missing
  } catch {
    return missing
  }
}

function isWithin(root: string, candidate: string): boolean {
  const relative = path.relative(root, candidate)
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}

function toRequestError(errors: readonly ErrorObject[]): RequestError {
  const issues = errors.map(toIssue)
  const message = issues.map(({ path: where, message: what }) => `${where || 'args'} ${what}`).join('; ')
  return errors.some((error) => error.keyword === 'path' && error.params['outside'] === true)
    ? new RequestError(403, 'path_refused', message, { issues })
    : new RequestError(422, 'invalid_args', message, { issues })
}

function toIssue({ keyword, instancePath, message = 'is invalid', params }: ErrorObject): ArgumentIssue {
  const unknown: unknown = keyword === 'additionalProperties' ? params['additionalProperty'] : undefined
  return typeof unknown === 'string'
    ? { path: `${instancePath}/${unknown}`, message: 'is not an argument of this command' }
    : { path: instancePath, message }
}
