import type { IncomingHttpHeaders } from 'node:http'

/** What the handler needs of a request; those of `node:http` and of `node:http2`'s compatibility API have it. */
export interface MetricsRequest {
  readonly method?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** What the handler needs of a response; those of `node:http` and of `node:http2`'s compatibility API have it. */
export interface MetricsResponse {
  statusCode: number
  getHeader(name: string): number | string | string[] | undefined
  setHeader(name: string, value: number | string): unknown
  write(chunk: Uint8Array): boolean
  end(): unknown
  on(event: 'close' | 'error', listener: () => void): unknown
}

/** An answer, whole before the first byte of it is sent. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: readonly Uint8Array[]
}

/** Returns an answer of one line of plain text. */
export function plainAnswer(status: number, line: string, headers: Answer['headers'] = {}): Answer {
  const type = { 'Content-Type': 'text/plain; charset=utf-8' }
  return { status, headers: { ...type, ...headers }, body: [Buffer.from(`${line}\n`)] }
}

/** Sends an answer; a response that can take none any more is left alone. */
export function sendAnswer(request: MetricsRequest, response: MetricsResponse, answer: Answer): void {
  try {
    response.statusCode = answer.status
    for (const [name, value] of Object.entries(answer.headers)) {
      const present = name === 'Vary' ? response.getHeader(name) : undefined
      response.setHeader(name, present === undefined ? value : `${String(present)}, ${value}`)
    }
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader(
      'Content-Length',
      answer.body.reduce((length, chunk) => length + chunk.byteLength, 0),
    )
    if (request.method !== 'HEAD') for (const chunk of answer.body) response.write(chunk)
    response.end()
  } catch {
    // The client is gone, or the host has answered already: neither is for us to report.
  }
}
