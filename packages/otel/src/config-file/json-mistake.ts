import { createRequire } from 'node:module'

import type * as JsoncParser from 'jsonc-parser'

const require = createRequire(import.meta.url)

/** Says where a text is no JSON: the engine's own words quote what stands there, which may be a secret. */
export function jsonMistake(text: string): string {
  const { parse, printParseErrorCode } = require('jsonc-parser') as typeof JsoncParser
  const errors: JsoncParser.ParseError[] = []
  parse(text, errors, { disallowComments: true })
  const [first] = errors
  if (first === undefined) return 'it is no JSON'
  const before = text.slice(0, first.offset).split('\n')
  const what = printParseErrorCode(first.error)
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${what}`
}
