import type { HttpServerInstrumentationConfig } from '@mcp/otel-http-instrumentation'

import { requestPath } from '../endpoint/create-handler.ts'

/** Returns what tells whether a request is to be left out: its path is listed, or begins as one that ends in `*`. */
export function ignoredPath(patterns: readonly string[]): NonNullable<HttpServerInstrumentationConfig['ignore']> {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')))
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  return (_request, target) => {
    const path = requestPath(target.path)
    return exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix))
  }
}
