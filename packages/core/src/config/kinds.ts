import { withoutCredentials } from './describe-value.ts'

/** What values a setting takes, from text (the environment) and from code (options). */
export interface Kind<T> {
  /** Completes "expected …". */
  readonly accepts: string
  /** The same of a value that code gives, where it is written in another way there. */
  readonly acceptsInCode?: string
  /** Its values are never shown. */
  readonly secret?: boolean
  /** JSON Schema of the values that code gives. */
  readonly schema: Readonly<Record<string, unknown>>
  /** Returns the value that a non-empty, trimmed text means; `undefined` when it means none. */
  fromText(text: string): T | undefined
  /** Returns the value when code may give it; `undefined` when not. */
  fromValue(value: unknown): T | undefined
  /** Returns what can still be used of a text that is wrong in parts. */
  salvage?(text: string): T | undefined
  /** Returns the value as one would write it in the environment. */
  show(value: T): string
}

const BOOLEANS = new Map([
  ...['true', 'on', 'yes', '1'].map((word) => [word, true] as const),
  ...['false', 'off', 'no', '0'].map((word) => [word, false] as const),
])

/** Our switches: `on` or `off`, and what people also write for them. */
export const onOff: Kind<boolean> = {
  accepts: 'on or off',
  schema: { type: 'boolean' },
  fromText: (text) => BOOLEANS.get(text.toLowerCase()),
  fromValue: (value) => (typeof value === 'boolean' ? value : undefined),
  show: (value) => (value ? 'on' : 'off'),
}

/** OpenTelemetry's booleans: by its specification only `true`, in any case, is true. */
export const trueFalse: Kind<boolean> = {
  ...onOff,
  accepts: 'true or false',
  fromText: (text) => ({ true: true, false: false })[text.toLowerCase()],
  show: String,
}

/** Whole numbers in a range, both ends included. */
export function integer(least: number, most: number, unit = ''): Kind<number> {
  const within = (value: number) => (Number.isInteger(value) && value >= least && value <= most ? value : undefined)
  return {
    accepts: `an integer from ${least} to ${most}${unit && ` (${unit})`}`,
    schema: { type: 'integer', minimum: least, maximum: most },
    fromText: (text) => (/^[+-]?\d+$/.test(text) ? within(Number(text)) : undefined),
    fromValue: (value) => (typeof value === 'number' ? within(value) : undefined),
    show: String,
  }
}

/** The longest delay a Node.js timer takes. */
const LONGEST_DELAY = 2 ** 31 - 1

export const milliseconds: Kind<number> = integer(1, LONGEST_DELAY, 'milliseconds')

/** Numbers from 0 to 1. */
export const ratio: Kind<number> = {
  accepts: 'a number from 0 to 1',
  schema: { type: 'number', minimum: 0, maximum: 1 },
  fromText: (text) => ratio.fromValue(Number(text)),
  fromValue: (value) => (typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined),
  show: String,
}

/** One of a closed set of words; case does not matter in text, and in code it does, as its type has it. */
export function oneOf<const W extends string>(...words: readonly W[]): Kind<W> {
  return {
    accepts: listed(words, 'or'),
    schema: { enum: words },
    fromText: (text) => words.find((word) => word.toLowerCase() === text.toLowerCase()),
    fromValue: (value) => words.find((word) => word === value),
    show: (value) => value,
  }
}

/** A text of this form; what code gives is not trimmed, so that its check is the same as by the JSON Schema. */
function patterned(pattern: string, described: Pick<Kind<string>, 'accepts' | 'secret'>): Kind<string> {
  const form = new RegExp(pattern, 'u')
  const fromText = (given: string): string | undefined => (form.test(given) ? given : undefined)
  return {
    ...described,
    schema: { type: 'string', pattern },
    fromText,
    fromValue: (value) => (typeof value === 'string' ? fromText(value) : undefined),
    show: described.secret === true ? () => '[redacted]' : withoutCredentials,
  }
}

/** Any text that is not empty. */
export const text: Kind<string> = patterned('\\S', { accepts: 'a text that is not empty' })

/** A route as frameworks write it, such as `/users/:id`. */
export const routeTemplate: Kind<string> = patterned('^/', { accepts: 'a template that begins with /' })

/** A text that is never shown: what HTTP takes as a bearer token. */
export const bearerToken: Kind<string> = patterned('^[A-Za-z0-9._~+/\\-]+=*$', {
  accepts: 'a bearer token: letters, digits and -._~+/=',
  secret: true,
})

/** A name or an IPv4 address has no colon, an IPv6 address two or more. */
const HOST = '(?:[\\w.%\\-]{1,253}|(?=[\\w.:%\\-]{2,253}\\]?$)[\\w.%\\-]*:[\\w.%\\-]*:[\\w.:%\\-]*)'
const hostText = patterned(`^(?:${HOST}|\\[${HOST}\\])$`, {
  accepts: 'a host name or an IP address without scheme and port',
})

/** A host name or an IP address, without port or scheme; brackets fall away. */
export const host: Kind<string> = {
  ...hostText,
  fromText: (given) => hostText.fromText(given)?.replace(/^\[(.*)\]$/, '$1'),
  fromValue: (value) => (typeof value === 'string' ? host.fromText(value) : undefined),
}

const endpointText = patterned('^(?:[Hh][Tt][Tt][Pp][Ss]?://[^\\s/?#]\\S*|[\\w.\\-]+:\\d{1,5})$', {
  accepts: 'an http:// or https:// URL (with gRPC also host:port)',
})
/** Whether a host can be one, only the parser of URLs can tell. */
const reachable = (given: string | undefined) =>
  given !== undefined && (URL.canParse(given) || !/^https?:/i.test(given)) ? given : undefined

/** Where gRPC and HTTP exporters send to: a URL, or `host:port` as gRPC writes it. */
export const otlpEndpoint: Kind<string> = {
  ...endpointText,
  fromText: (given) => reachable(endpointText.fromText(given)),
  fromValue: (value) => reachable(endpointText.fromValue(value)),
}

/** Items separated by commas in text, an array in code; empty items fall away, repeated ones count once. */
export function listOf<T extends string>(item: Kind<T>): Kind<readonly T[]> {
  const all = (items: readonly (T | undefined)[]) =>
    items.includes(undefined) ? undefined : [...new Set(items as readonly T[])]
  return {
    accepts: `a list, separated by commas, of ${item.accepts}`,
    acceptsInCode: `an array, each item ${item.accepts}`,
    ...(item.secret === true && { secret: true }),
    schema: { type: 'array', items: item.schema },
    fromText: (given) => all(splitList(given).map((part) => item.fromText(part))),
    fromValue: (value) => (Array.isArray(value) ? all(value.map((part) => item.fromValue(part))) : undefined),
    salvage: (given) => {
      const good = splitList(given).flatMap((part) => item.fromText(part) ?? [])
      return good.length === 0 ? undefined : [...new Set(good)]
    },
    show: (value) => (value.length === 0 ? 'none' : value.map((part) => item.show(part)).join(',')),
  }
}

/** A list of closed words, or the one word `none`, which is the empty list. */
export function listOrNone<const W extends string>(...words: readonly W[]): Kind<readonly W[]> {
  const list = listOf(oneOf(...words))
  return {
    ...list,
    accepts: `${words.length > 1 ? 'one or more, separated by commas, of ' : ''}${listed(words, 'and')}, or none`,
    acceptsInCode: `an array of ${listed(words, 'and')}, or [] for none`,
    fromText(given) {
      const parts = splitList(given)
      if (parts.length === 0) return undefined
      return parts.every(isNone) ? [] : list.fromText(given)
    },
    // Who writes `none` and something unknown is not to get a default that sends.
    salvage: (given) => list.salvage?.(given) ?? (splitList(given).some(isNone) ? [] : undefined),
  }
}

function isNone(part: string): boolean {
  return part.toLowerCase() === 'none'
}

/** `key=value` pairs separated by commas in text, an object in code; of a key that is there twice the last counts. */
export function textMap(key: string, value: string): Kind<Readonly<Record<string, string>>> {
  return {
    accepts: `${key}=${value} pairs separated by commas`,
    acceptsInCode: `an object with a ${value} by each ${key}`,
    schema: { type: 'object', additionalProperties: text.schema },
    fromText(given) {
      const found = pairsOf(given)
      return found.includes(null) ? undefined : mapOf(found)
    },
    fromValue: (given) =>
      typeof given === 'object' &&
      given !== null &&
      !Array.isArray(given) &&
      Object.values(given).every((each) => text.fromValue(each) !== undefined)
        ? { ...(given as Record<string, string>) }
        : undefined,
    salvage(given) {
      const found = mapOf(pairsOf(given))
      return Object.keys(found).length === 0 ? undefined : found
    },
    show: (map) =>
      Object.entries(map)
        .map((pair) => pair.join('='))
        .join(','),
  }
}

function pairsOf(given: string): (RegExpExecArray | null)[] {
  return splitList(given).map((pair) => /^([^=]*[^=\s])\s*=\s*(\S.*)$/.exec(pair))
}

function mapOf(pairs: readonly (RegExpExecArray | null)[]): Record<string, string> {
  return Object.fromEntries(pairs.flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? '']])))
}

const ESCAPE = '%[\\dA-Fa-f]{2}'
/** A name as HTTP has it. */
const HEADER = `\\s*(?:[\\w!#$&'*+.^\`|~\\-]|${ESCAPE})+\\s*=(?:[^,%]|${ESCAPE})*`

/** Headers as `key=value` pairs separated by commas, percent-encoded; empty ones fall away. */
export const headerPairs: Kind<string> = patterned(`^(?=[\\s\\S]*\\S)(?:${HEADER}|\\s*)(?:,(?:${HEADER}|\\s*))*$`, {
  accepts: 'key=value pairs separated by commas, percent-encoded, each key the name of a header',
  secret: true,
})

/** Most characters of a key or value that the SDK takes. */
const LONGEST_ATTRIBUTE = 255

/** `key=value` pairs separated by commas as OTEL_RESOURCE_ATTRIBUTES has them, of which the SDK uses all or none. */
export const attributePairs: Kind<string> = {
  ...text,
  accepts:
    'key=value pairs separated by commas, of up to 255 characters each, with commas, = and % in them percent-encoded',
  fromText: (given) => (splitList(given).every(isAttributePair) ? given : undefined),
}

function isAttributePair(pair: string): boolean {
  const parts = pair.split('=').map((part) => decoded(part.trim()))
  return parts.length === 2 && parts[0] !== '' && parts.every((part) => (part?.length ?? Infinity) <= LONGEST_ATTRIBUTE)
}

function decoded(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

/** Returns the words as a sentence has them: `a, b or c`. */
export function listed(words: readonly string[], last: 'and' | 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}

function splitList(given: string): string[] {
  return given
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
