/** Cheap and wide: what it does not match holds nothing that the rules below could find. */
const SUSPICIOUS =
  /pass|pwd|secret|token|key|cred|auth|cookie|jwt|session|bearer|basic|:\/\/|eyJ|gh[pousr]_|github_pat|glpat|xox|sk-|[srp]k_|A[KS]IA|AIza|npm_|ya29/i

const WORDS =
  'pass(?:word|wd|phrase|code)?|pwd|secret|token(?!s)|api[-_ ]?key|access[-_]?key|private[-_]?key|credentials?|jwt|session[-_]?id'
const ESCAPED_QUOTE = String.raw`\\{0,4}["']`
const QUOTED = String.raw`\\{0,4}"(?:[^"\\\n]|\\[^"\n])*\\{0,4}"|'[^'\n]*'`

const RULES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, '$censor'],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#"'<>]{0,1024}@/gi, '$1$censor@'],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s/?#"'<>:]{0,256}):(?!\d{1,5}[/?#])[^\s"'<>@]{1,512}@/gi, '$1:$censor@'],
  [
    new RegExp(String.raw`\b((?:proxy-)?authorization${ESCAPED_QUOTE}?\s{0,4}[:=]\s{0,4})(?:${QUOTED}|[^\n"']+)`, 'gi'),
    '$1$censor',
  ],
  [
    new RegExp(String.raw`\b((?:set-)?cookie${ESCAPED_QUOTE}?\s{0,4}[:=]\s{0,4})(?:${QUOTED}|[^\n"']+)`, 'gi'),
    '$1$censor',
  ],
  [/\b(bearer)\s+[^\s"',;]+/gi, '$1 $censor'],
  [/\b([Bb]asic|BASIC)\s+(?=[\w+/-]*[A-Z0-9=])[\w+/-]{4,}={0,2}/g, '$1 $censor'],
  [
    new RegExp(
      String.raw`((?:${WORDS})[\w-]{0,30}(?:${ESCAPED_QUOTE})?\s{0,4}(?:=>|[:=])\s{0,4})(?:${QUOTED}|[^\s,;&"'\\)}\]]+)`,
      'gi',
    ),
    '$1$censor',
  ],
  [
    new RegExp(String.raw`(?<=^|\s)(--?[\w-]{0,30}(?:${WORDS})[\w-]{0,30}\s{1,4})(?:${QUOTED}|[^\s"'-][^\s"']*)`, 'gi'),
    '$1$censor',
  ],
  [/\beyJ[\w.-]{16,}/g, '$censor'],
  [
    /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|sk-[\w-]{16,}|[srp]k_(?:live|test)_\w{10,}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{30,}|npm_[A-Za-z0-9]{30,}|ya29\.[\w-]{10,})/g,
    '$censor',
  ],
]

/** Returns the text with secrets of known shapes replaced: URL credentials, bearer values, `password=…`, keys, JWTs. */
export function hideSecrets(text: string, censor: string): string {
  if (!SUSPICIOUS.test(text)) return text
  const safe = censor.replaceAll('$', '$$$$')
  let hidden = text
  for (const [pattern, replacement] of RULES)
    hidden = hidden.replace(
      pattern,
      replacement.replace('$censor', () => safe),
    )
  return hidden
}
