import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** Answers with lines of plain text; a response that can take none any more is left alone. */
export function answerText(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders = {},
): void {
  try {
    const body = Buffer.from(`${text}\n`)
    const common = {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    }
    response.writeHead(status, { ...common, ...headers })
    response.end(method === 'HEAD' ? undefined : body)
  } catch {
    // The client is gone, or the app has answered already: neither is for us to report.
  }
}
