import type { Kind } from './kinds.ts'

/** One setting: what it is called, what it takes, what it is when nobody sets it, and what it is for. */
export interface Setting<T> {
  /** Environment variables that set it; the first that is set and valid counts. */
  readonly env: readonly string[]
  readonly kind: Kind<NonNullable<T>>
  readonly default: T
  /** The default where it depends on the environment; `isSet` tells whether a variable has a value. */
  readonly derivedDefault?: (isSet: (variable: string) => boolean) => T
  /** How messages and documentation call the default; else `kind.show(default)`. */
  readonly defaultText?: string
  /** One sentence: what it does. */
  readonly doc: string
}

/** The values of a group of settings. */
export type ValuesOf<G> = { readonly [K in keyof G]: G[K] extends Setting<infer T> ? T : ValuesOf<G[K]> }

/** What a program may give of them: any part. */
export type OptionsOf<G> = {
  readonly [K in keyof G]?: (G[K] extends Setting<infer T> ? T : OptionsOf<G[K]>) | undefined
}

interface Described<T> {
  readonly env?: string | readonly string[]
  readonly default: T
  readonly derivedDefault?: (isSet: (variable: string) => boolean) => T
  readonly defaultText?: string
  readonly doc: string
}

/** Declares a setting that always has a value. */
export function setting<T>(kind: Kind<T>, described: Described<NoInfer<T>>): Setting<T> {
  return declared<T>(kind, described)
}

/** Declares a setting that has no value until somebody sets it. */
export function optional<T>(kind: Kind<T>, described: Omit<Described<T>, 'default'>): Setting<T | undefined> {
  return declared<T | undefined>(kind, { ...described, default: undefined })
}

function declared<T>(kind: Kind<never> | Kind<T>, described: Described<T>): Setting<T> {
  return { ...described, kind: kind as Kind<NonNullable<T>>, env: [described.env ?? []].flat() }
}

export function isSetting(entry: object): entry is Setting<unknown> {
  return 'kind' in entry
}

/** A setting with the path that options have it under: `endpoint.port`. */
export interface NamedSetting {
  readonly path: string
  readonly setting: Setting<unknown>
}

/** Returns all settings of a group in order, groups within it included. */
export function listSettings(group: object, prefix = ''): readonly NamedSetting[] {
  return Object.entries(group).flatMap(([name, entry]: [string, object]) => {
    const path = prefix + name
    return isSetting(entry) ? [{ path, setting: entry }] : listSettings(entry, `${path}.`)
  })
}
