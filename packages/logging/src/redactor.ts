import pinoRedact from '@pinojs/redact'

import type { PlainObject } from './plain-value.ts'
import { hideSecrets } from './secret-text.ts'

export interface RedactOptions {
  /** Keys, at any depth and in any spelling (`apiKey`, `API-KEY`), beside those that are always secret. */
  readonly keys?: readonly string[]
  /** Places in the line, as `@pinojs/redact` writes them: `user.email`, `items[*].card`. */
  readonly paths?: readonly string[]
  /** Text to hide wherever it stands; the whole match goes. Give the flag `g` or not: every match goes. */
  readonly patterns?: readonly RegExp[]
  /** Keys that are no secret here although they look like one: `tokenCount`. */
  readonly allow?: readonly string[]
  /** What stands in the place of a secret. Default: `[REDACTED]`. */
  readonly censor?: string
}

export interface KeyVerdict {
  readonly isSecret: boolean
  readonly shown: string
}

/** Knows what must not be written. */
export interface Redactor {
  readonly censor: string
  /** What is known of a key: whether what stands under it is secret, and the key as it may be written. */
  key(key: string): KeyVerdict
  /** Of what stands under a secret key: an absent value or a flag tells nothing. */
  isSecretValue(key: string, value: unknown): boolean
  /** Tells whether a list item names the next one as secret: a raw header, a command's flag. */
  isSecretName(item: string): boolean
  text(value: string): string
  /** Hides the configured places in a line's fields, which may be changed in place. */
  paths(fields: PlainObject): PlainObject
}

const SECRET_PART =
  /password|passwd|passphrase|passcode|secret|apikey|accesskey|privatekey|signingkey|encryptionkey|credential|authorization|cookie|bearer|jwt|sessionid|connectionstring/
const SECRET_WHOLE = /^(?:pwd|pass|auth|sid|token|tokens|.*token)$/
const HEADER_OR_FLAG = /^-{1,2}[a-z]|^(?:proxy-)?authorization$|^(?:set-)?cookie$|^x-[a-z-]+$/i
const MAX_CACHED_KEYS = 5000

/** Makes a redactor. Throws a `TypeError` that names the path when one is malformed. */
export function createRedactor(options: RedactOptions = {}): Redactor {
  const { censor = '[REDACTED]' } = options
  const own = new Set(options.keys?.map(bare))
  const allowed = new Set(options.allow?.map(bare))
  const patterns = options.patterns?.map((pattern) => new RegExp(pattern.source, withGlobal(pattern.flags))) ?? []
  const verdicts = new Map<string, KeyVerdict>()

  function text(value: string): string {
    return patterns.reduce((hidden, pattern) => hidden.replace(pattern, censor), hideSecrets(value, censor))
  }

  function judge(key: string): KeyVerdict {
    const name = bare(key)
    const isSecret = own.has(name) || SECRET_PART.test(name) || SECRET_WHOLE.test(name)
    return { isSecret: isSecret && !allowed.has(name), shown: text(key) }
  }

  /** Keys come again and again: each is judged once. */
  function verdictOn(key: string): KeyVerdict {
    const known = verdicts.get(key)
    if (known !== undefined) return known
    const verdict = judge(key)
    if (verdicts.size < MAX_CACHED_KEYS && key.length <= 64) verdicts.set(key, verdict)
    return verdict
  }

  return {
    censor,
    key: verdictOn,
    isSecretValue: (key, value) => {
      if (value === undefined || value === null || typeof value === 'boolean') return false
      // Language models count theirs: `max_tokens: 4096`.
      return !(typeof value === 'number' && bare(key).endsWith('tokens'))
    },
    isSecretName: (item) =>
      item.length <= 64 && HEADER_OR_FLAG.test(item) && !item.includes('=') && verdictOn(item).isSecret,
    text,
    paths: pathRedactor(options.paths ?? [], censor),
  }
}

function pathRedactor(paths: readonly string[], censor: string): (fields: PlainObject) => PlainObject {
  if (paths.length === 0) return (fields) => fields
  const redact = pinoRedact({ paths: [...paths], censor, serialize: false })
  return (fields) => redact(fields) as PlainObject
}

function bare(key: string): string {
  return key.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
}

function withGlobal(flags: string): string {
  return flags.includes('g') ? flags : `${flags}g`
}
