import { checkedVariables } from './checked-variables.ts'
import { checkCombinations } from './combinations.ts'
import { describeSecret, describeValue } from './describe-value.ts'
import type { Kind } from './kinds.ts'
import { nearestName } from './nearest-name.ts'
import { listSettings, type NamedSetting } from './setting.ts'
import { settings, type Config, type ConfigOptions } from './settings.ts'

/** Where settings come from. */
export interface ConfigSources {
  /** Environment variables, as `process.env` has them. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Settings given in code; they beat the environment. */
  readonly options?: ConfigOptions | undefined
  /** Paths that the options may also have though they are no settings: `sdk`, `http.route`. */
  readonly otherOptions?: readonly string[] | undefined
  /** Settings of a configuration file; the environment beats them. */
  readonly file?: FileSettings | undefined
}

/** What a configuration file gives. */
export interface FileSettings {
  /** How messages and origins call it: `mcp.otel.json`. */
  readonly name: string
  readonly options: unknown
  /** Paths that it may also have though they are no settings. */
  readonly otherOptions?: readonly string[] | undefined
}

/** The settings that are in force. */
export interface ReadConfig {
  readonly config: Config
  /** One sentence for each mistake: where, the value, what is accepted, what is used instead. */
  readonly problems: readonly string[]
  /** By path (`endpoint.port`), what set it: a variable, `options.endpoint.port`, `mcp.otel.json: endpoint.port`, or `default`. */
  readonly origins: Readonly<Record<string, string>>
}

/** Variables that begin so are ours, and must be known. */
const OUR_PREFIX = 'MCP_OTEL_'

/**
 * Reads the settings: options count before the environment, standard variables before ours, and the file before the
 * defaults. Names every mistake, and never throws, whatever it is given.
 */
export function readConfig(sources: ConfigSources = {}): ReadConfig {
  const variables = readVariables(sources.env)
  const { file, options } = sources
  const code: OptionsSource = { options, name: 'options', prefix: 'options.', others: sources.otherOptions ?? [] }
  const stated: OptionsSource | undefined = file && {
    options: file.options,
    name: file.name,
    prefix: `${file.name}: `,
    others: ['$schema', ...(file.otherOptions ?? [])],
  }
  const read = listSettings(settings).map((named) => readSetting(named, variables, code, stated))

  const set = new Set(read.flatMap((entry) => (entry.origin === DEFAULT ? [] : meaningsOf(entry))))
  for (const entry of read) {
    if (entry.origin === DEFAULT) entry.value = entry.setting.derivedDefault?.((name) => set.has(name)) ?? entry.value
  }
  const config = deepFrozen(nested(read) as unknown as Config)
  const origins = Object.freeze(Object.fromEntries(read.map(({ path, origin }) => [path, origin])))
  const problems = [
    ...read.flatMap((entry) => entry.mistakes.map((mistake) => `${mistake}; using ${inForce(entry)}`)),
    ...checkVariables(variables),
    ...unknownVariables(variables),
    ...unknownOptions(code),
    ...(stated === undefined ? [] : unknownOptions(stated)),
    ...checkCombinations(config, origins),
  ]
  return { config, problems: Object.freeze(problems), origins }
}

const DEFAULT = 'default'

interface ReadSetting extends NamedSetting {
  value: unknown
  readonly origin: string
  readonly mistakes: readonly string[]
}

/** Settings by their paths, from code or from a file. */
interface OptionsSource {
  readonly options: unknown
  /** The whole of it, in messages, and what its paths begin with. */
  readonly name: string
  readonly prefix: string
  /** Paths that are no settings. */
  readonly others: readonly string[]
}

interface Candidate {
  readonly value: unknown
  readonly origin: string
}

function readSetting(
  { path, setting }: NamedSetting,
  variables: Variables,
  code: OptionsSource,
  file: OptionsSource | undefined,
): ReadSetting {
  const { kind } = setting
  const mistakes: string[] = []
  const fromOptions = ({ options, prefix }: OptionsSource): Candidate[] => {
    const option = attempt(() => optionAt(options, path))
    if (option === undefined || option === null) return []
    const origin = `${prefix}${path}`
    const value = option === UNREADABLE ? undefined : attempt(() => kind.fromValue(option))
    if (value !== undefined && value !== UNREADABLE) return [{ value, origin }]
    mistakes.push(describeMistake(origin, option, kind, kind.acceptsInCode))
    return []
  }
  const fromVariable = (origin: string): Candidate[] => {
    const given = variables.get(origin)
    if (given === undefined) return []
    const value = kind.fromText(given)
    if (value !== undefined) return [{ value, origin }]
    mistakes.push(describeMistake(origin, given, kind))
    const salvaged = kind.salvage?.(given)
    return salvaged === undefined ? [] : [{ value: salvaged, origin }]
  }
  const candidates = [...fromOptions(code), ...setting.env.flatMap(fromVariable), ...(file ? fromOptions(file) : [])]
  return { path, setting, mistakes, ...(candidates[0] ?? { value: setting.default, origin: DEFAULT }) }
}

/** The variables that a setting's value stands for, so that it counts as much when it comes from options. */
function meaningsOf({ setting, value }: ReadSetting): string[] {
  const isNone = Array.isArray(value) && value.length === 0
  return setting.env.map((name) => (isNone ? `${name}=none` : name))
}

function inForce({ setting, value, origin }: ReadSetting): string {
  const shown = value === undefined || value === null ? '' : setting.kind.show(value)
  if (origin !== DEFAULT) return `${shown} from ${origin}`
  return shown === '' ? (setting.defaultText ?? 'none') : shown
}

function describeMistake(origin: string, given: unknown, kind: Kind<unknown>, accepts = kind.accepts): string {
  const shown =
    given === UNREADABLE ? 'not readable' : kind.secret === true ? describeSecret(given) : describeValue(given)
  return `${origin} is ${shown}; expected ${accepts}`
}

function checkVariables(variables: Variables): string[] {
  return checkedVariables.flatMap(({ name, kind, otherwise }) => {
    const given = variables.get(name)
    if (given === undefined || kind.fromText(given) !== undefined) return []
    return [`${describeMistake(name, given, kind)}; using ${otherwise}`]
  })
}

function unknownVariables(variables: Variables): string[] {
  const given = [...variables.keys()].filter((name) => name.startsWith(OUR_PREFIX))
  if (given.length === 0) return []
  const known = [
    ...listSettings(settings).flatMap(({ setting }) => setting.env),
    ...checkedVariables.map(({ name }) => name),
  ]
  const ours = known.filter((name) => name.startsWith(OUR_PREFIX))
  return given.filter((name) => !ours.includes(name)).map((name) => unknown(name, 'a setting', nearestName(name, ours)))
}

function unknownOptions({ options, name: whole, prefix, others }: OptionsSource): string[] {
  if (options === undefined || options === null) return []
  if (!isGroup(options)) return [`${whole} is ${describeValue(options)}; expected an object; using the defaults`]
  if (attempt(() => Object.keys(options).length) === 0) return []
  const paths = listSettings(settings).map(({ path }) => path)
  const groups = new Set(
    paths.flatMap((path) =>
      path
        .split('.')
        .slice(0, -1)
        .map((_, i, all) => all.slice(0, i + 1).join('.')),
    ),
  )
  const nearest = (path: string): string | undefined => {
    const found = nearestOption(path, [...paths, ...groups, ...others])
    return found && `${prefix}${found}`
  }
  const walk = (group: object, within: string): string[] =>
    Object.keys(group).flatMap((name) => {
      const path = within + name
      if (paths.includes(path) || others.includes(path)) return []
      const value: unknown = attempt(() => (group as Record<string, unknown>)[name])
      if (!groups.has(path)) return [unknown(`${prefix}${path}`, 'an option', nearest(path))]
      if (value === undefined || value === null) return []
      if (value !== UNREADABLE && isGroup(value)) return walk(value, `${path}.`)
      return [
        `${prefix}${path} is ${value === UNREADABLE ? 'not readable' : describeValue(value)}; expected an object; using the defaults`,
      ]
    })
  const problems = attempt(() => walk(options, ''))
  return problems === UNREADABLE ? [`${whole} cannot be read; expected a plain object; using the defaults`] : problems
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nearestOption(path: string, known: readonly string[]): string | undefined {
  const leaf = path.split('.').at(-1)
  return nearestName(path, known) ?? known.find((candidate) => candidate.split('.').at(-1) === leaf)
}

function unknown(name: string, what: string, nearest: string | undefined): string {
  return `${name} is not ${what}; ${nearest === undefined ? 'it is ignored' : `did you mean ${nearest}? It is ignored`}`
}

type Variables = ReadonlyMap<string, string>

/** As OpenTelemetry has it, a variable that is empty counts as unset. */
function readVariables(env: unknown): Variables {
  const variables = new Map<string, string>()
  attempt(() => {
    for (const [name, value] of Object.entries(env ?? {})) {
      if (typeof value === 'string' && value.trim() !== '') variables.set(name, value.trim())
    }
  })
  return variables
}

function optionAt(options: unknown, path: string): unknown {
  let at = options
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Object.hasOwn(at, name) ? (at as Record<string, unknown>)[name] : undefined
  }
  return at
}

const UNREADABLE = Symbol('unreadable')

/** Runs code of the application's that may throw: a getter, a Proxy. */
function attempt<T>(read: () => T): T | typeof UNREADABLE {
  try {
    return read()
  } catch {
    return UNREADABLE
  }
}

function nested(entries: readonly { readonly path: string; readonly value: unknown }[]): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const { path, value } of entries) {
    const groups = path.split('.')
    const name = groups.pop() ?? ''
    const group = groups.reduce((at, each) => (at[each] ??= {}) as Record<string, unknown>, root)
    group[name] = value
  }
  return root
}

function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const inner of Object.values(value)) deepFrozen(inner)
  return Object.freeze(value)
}
