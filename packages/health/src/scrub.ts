/** Longest text that is shown, in characters. */
const MAX_LENGTH = 300
const MASK = '[redacted]'
/** Not even a key fits into less, so that units (`s`, `%`) need no pattern, of which V8 compiles each when it is first used. */
const SHORTEST_SECRET = 4

const SECRET_KEY =
  /pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|authorization|cookie|session[-_]?id|signature|\bsig\b/i

/** Each pattern takes out one known shape of a secret; the first group, where there is one, stays. */
const SECRET_SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b((?:Bearer|Basic|Digest|Token)\s+)[\w.~+/=-]{4,}/gi,
  /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s"'<>]+(?=@)/gi,
  /\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g,
  /\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|sk_live_|rk_live_|npm_)[\w-]{8,}/g,
]

/** A key that names a secret, up to where its value begins. */
const KEY =
  /["']?[\w-]{0,40}(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|authorization|cookie|session[-_]?id|signature|sig)[\w-]{0,40}["']?\s*[=:]\s*/gi

/** The value of such a key. */
const VALUE =
  /(?:(?:Bearer|Basic|Digest|Token)\s+)?(?:\[redacted\][^\s,;&}\])]*|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s,;&}\])]+)/iy

// oxlint-disable-next-line no-control-regex -- control characters are what is taken out
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g

/** Returns the text in one line of at most 300 characters, with everything that looks like a secret replaced. */
export function scrubText(text: string): string {
  if (text.length < SHORTEST_SECRET) return withoutControls(text)
  // What is cut in two no longer has the shape of a secret, so the word at the cut goes too.
  let clean = text.length > 8 * MAX_LENGTH ? `${text.slice(0, 8 * MAX_LENGTH).replace(/\S+$/, '')}…` : text
  for (const shape of SECRET_SHAPES) {
    clean = clean.replace(shape, (_match, kept: unknown) => (typeof kept === 'string' ? kept : '') + MASK)
  }
  clean = maskValues(clean)
  clean = withoutControls(clean)
  return clean.length > MAX_LENGTH ? `${clean.slice(0, MAX_LENGTH - 1)}…` : clean
}

function withoutControls(text: string): string {
  return text.replace(CONTROL, ' ').trim()
}

/** Replaces what follows the keys of secrets; the value of one key may hold the next key (`password= token: x`). */
function maskValues(text: string): string {
  let masked = ''
  let end = 0
  for (const { index, 0: key } of text.matchAll(KEY)) {
    const start = index + key.length
    VALUE.lastIndex = start
    const value = VALUE.exec(text)?.[0] ?? ''
    if (start + value.length <= end) continue
    masked += start <= end ? '' : text.slice(end, start) + MASK
    end = start + value.length
  }
  return masked + text.slice(end)
}

/** Returns the text of whatever was thrown, scrubbed: its class and message, never its stack. Never throws. */
export function scrubError(error: unknown): string {
  try {
    if (error instanceof Object && 'message' in error) {
      const { name, message, code } = error as { name?: unknown; message?: unknown; code?: unknown }
      const text =
        typeof message === 'string' && message !== '' ? message : typeof code === 'string' ? code : 'no message'
      return scrubText(typeof name === 'string' && name !== 'Error' ? `${name}: ${text}` : text)
    }
    return scrubText(String(error))
  } catch {
    return 'unreadable error'
  }
}

/**
 * Returns a copy that is safe to show as JSON: secrets replaced by key and by shape, at most 4 levels, 50 entries each.
 * Never throws, whatever getters or Proxies are in it.
 */
export function scrubValue(value: unknown, depth = 0): unknown {
  try {
    if (value === null || typeof value === 'boolean') return value
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
    if (typeof value === 'string') return scrubText(value)
    if (value === undefined) return undefined
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object') return typeof value
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
    if (value instanceof Error) return scrubError(value)
    if (depth >= 4) return '…'
    if (Array.isArray(value)) return value.slice(0, 50).map((item) => scrubValue(item, depth + 1) ?? null)
    const entries = Object.entries(value).slice(0, 50)
    return Object.fromEntries(
      entries.map(([key, item]) => [scrubText(key), SECRET_KEY.test(key) ? MASK : scrubValue(item, depth + 1)]),
    )
  } catch {
    return 'unreadable value'
  }
}
