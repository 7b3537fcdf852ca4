import { readConfig, type ReadConfig } from '@mcp/otel-core'

import { loadConfigFile } from './config-file/load-config-file.ts'
import { CODE_OPTIONS, HTTP_CODE_OPTIONS, type StartOptions } from './options.ts'
import { withoutReplaced } from './sdk/declared-sdk.ts'

/** The settings in force, and the options that are no settings. */
export interface ReadSources extends ReadConfig {
  readonly options: StartOptions
}

/** Reads options, this process' environment and the app's configuration file, in this order; never throws. */
export function readSources(given: StartOptions): ReadSources {
  const surroundings = { env: process.env, cwd: workingDirectory(), entry: process.argv[1] }
  const { problems: ofFile, settings: file } = loadConfigFile(surroundings)
  const { env, problems: ofVariables } = withoutReplaced(process.env)
  const { problems, ...read } = readConfig({ env, options: given, otherOptions: CODE_OPTIONS, file })
  const options = withCodeOptions(given, file?.options)
  return { ...read, options, problems: Object.freeze([...ofFile, ...ofVariables, ...problems]) }
}

/** A directory that was deleted has no name. */
function workingDirectory(): string {
  try {
    return process.cwd()
  } catch {
    return '/'
  }
}

function withCodeOptions(given: unknown, ofFile: unknown): StartOptions {
  try {
    const options = isObject(given) ? (given as StartOptions) : {}
    if (!isObject(ofFile)) return options
    const { health, http = {}, instrumentations, mcp = {}, sdk } = ofFile as StartOptions
    const ofHttp = HTTP_CODE_OPTIONS.filter((name) => http[name] !== undefined).map((name) => [name, http[name]])
    return {
      ...known({ health, instrumentations, sdk }),
      ...options,
      http: { ...Object.fromEntries(ofHttp), ...options.http },
      mcp: { ...(mcp.redact !== undefined && { redact: mcp.redact }), ...options.mcp },
    }
  } catch {
    return {}
  }
}

function known(options: object): StartOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
