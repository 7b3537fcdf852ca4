import { access, constants, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

import { Ajv, type SchemaObject } from 'ajv'

import { createArgumentCompiler, type ValidateArguments } from './argument-validator.ts'

/** One thing that a plugin can do. */
export interface Command {
  readonly description: string
  /** JSON schema of the arguments, an object. */
  readonly args: SchemaObject
  readonly validate: ValidateArguments
}

/** A folder with a manifest (`plugin.json`) and an executable that runs its commands. */
export interface Plugin {
  readonly name: string
  readonly description: string
  readonly executable: string
  /** Seconds after which an execution is stopped. */
  readonly timeoutSeconds: number
  /** Most executions at the same time. */
  readonly concurrency: number
  /** Most jobs that wait. */
  readonly maxQueued: number
  readonly commands: ReadonlyMap<string, Command>
}

/** A folder that is no usable plugin, and why. */
export interface RefusedPlugin {
  readonly name: string
  readonly reason: string
}

interface Manifest {
  description: string
  executable: string
  timeoutSeconds: number
  concurrency: number
  maxQueued: number
  commands: Record<string, { description: string; args: SchemaObject }>
}

const NO_ARGUMENTS: SchemaObject = { type: 'object', properties: {}, additionalProperties: false }

const isManifest = new Ajv({ allErrors: true, useDefaults: true }).compile<Manifest>({
  type: 'object',
  properties: {
    description: { type: 'string', default: '' },
    executable: { type: 'string', minLength: 1 },
    timeoutSeconds: { type: 'number', exclusiveMinimum: 0, default: 10 },
    concurrency: { type: 'integer', minimum: 1, default: 2 },
    maxQueued: { type: 'integer', minimum: 0, default: 1000 },
    commands: {
      type: 'object',
      minProperties: 1,
      additionalProperties: {
        type: 'object',
        properties: {
          description: { type: 'string', default: '' },
          args: { type: 'object', default: NO_ARGUMENTS },
        },
        additionalProperties: false,
      },
    },
  },
  required: ['executable', 'commands'],
  additionalProperties: false,
})

/** Reads the plugins in `directory`, a folder each; one that is broken is reported and does not stop the others. */
export async function loadPlugins(
  directory: string,
  root: string,
): Promise<{ plugins: Plugin[]; refused: RefusedPlugin[] }> {
  const compile = createArgumentCompiler(root)
  const folders = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const plugins: Plugin[] = []
  const refused: RefusedPlugin[] = []
  for (const { name } of folders.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    try {
      plugins.push(await loadPlugin(path.join(directory, name), compile))
    } catch (error) {
      refused.push({ name, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return { plugins, refused }
}

async function loadPlugin(folder: string, compile: (schema: SchemaObject) => ValidateArguments): Promise<Plugin> {
  const manifest: unknown = JSON.parse(await readFile(path.join(folder, 'plugin.json'), 'utf8'))
  if (!isManifest(manifest)) {
    const issues = isManifest.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`.trim())
    throw new Error(`plugin.json: ${issues?.join('; ')}`)
  }
  const executable = path.resolve(folder, manifest.executable)
  await access(executable, constants.X_OK)
  const commands = Object.entries(manifest.commands).map(
    ([name, { description, args }]) => [name, { description, args, validate: compile(args) }] as const,
  )
  return { ...manifest, name: path.basename(folder), executable, commands: new Map(commands) }
}
