import type { ObservedRequest } from '@mcp/otel-http-instrumentation'

import { requestPath } from '../endpoint/create-handler.ts'

/** Returns what tells whether a request is to be left out: its path is listed, or begins as one that ends in `*`. */
export function ignoredPath(patterns: readonly string[]): (request: ObservedRequest) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')))
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  return (request) => {
    const url = 'url' in request ? request.url : undefined
    if (url === undefined) return false
    const path = requestPath(url)
    return exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix))
  }
}
