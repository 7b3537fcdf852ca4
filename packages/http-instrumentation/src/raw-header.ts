import type { IncomingMessage } from 'node:http'

/** Returns the values of a header, named in lower case, as Node joins them; Node parses headers only if this one is there. */
export function rawHeader(request: IncomingMessage, name: string): string | string[] | undefined {
  const { rawHeaders } = request
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const sent = rawHeaders[at] as string
    if (sent.length === name.length && sent.toLowerCase() === name) return request.headers[name]
  }
  return undefined
}
