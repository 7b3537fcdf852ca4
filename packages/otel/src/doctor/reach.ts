import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** An answer, or why there is none. */
export type Reached =
  | {
      readonly status: number
      readonly body: string
      readonly contentType: string
      readonly skewMillis: number | undefined
    }
  | { readonly reason: string }

const TIMEOUT_MILLIS = 10_000
const MOST_BYTES = 64 * 1024 * 1024

export interface ReachOptions {
  readonly method?: 'GET' | 'HEAD'
  readonly token?: string | undefined
  readonly timeoutMillis?: number
}

/** Makes one request; never rejects. Certificates are not checked: it is asked who answers, and nothing secret is sent. */
export function reach(
  url: string,
  { method = 'GET', token, timeoutMillis = TIMEOUT_MILLIS }: ReachOptions = {},
): Promise<Reached> {
  return new Promise((resolve) => {
    const sentAt = Date.now()
    const failed = (error: Error & { readonly code?: string }): void =>
      resolve({ reason: error.message || error.code || 'no reason given' })
    try {
      const isTls = url.startsWith('https:')
      const request = (isTls ? httpsRequest : httpRequest)(url, {
        method,
        agent: false,
        signal: AbortSignal.timeout(timeoutMillis),
        headers: { Accept: 'text/plain', ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
        ...(isTls && token === undefined && { rejectUnauthorized: false }),
      })
      request.on('error', (error) =>
        failed(
          error.name === 'AbortError' || error.name === 'TimeoutError'
            ? new Error(`no answer within ${timeoutMillis} ms`)
            : error,
        ),
      )
      request.on('response', (response) => {
        const skewMillis = skewOf(response.headers.date, sentAt, Date.now())
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (text: string) => {
          body += text
          if (body.length > MOST_BYTES) request.destroy(new Error(`more than ${MOST_BYTES} bytes`))
        })
        response.on('error', failed)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body,
            contentType: response.headers['content-type'] ?? '',
            skewMillis,
          }),
        )
      })
      request.end()
    } catch (error) {
      failed(error as Error)
    }
  })
}

/** How far their clock is ahead of ours: a Date header has whole seconds, and was written between asking and answer. */
function skewOf(date: string | undefined, sentAt: number, receivedAt: number): number | undefined {
  const theirs = date === undefined ? NaN : Date.parse(date)
  if (!Number.isFinite(theirs)) return undefined
  if (theirs + 1000 < sentAt) return theirs + 1000 - sentAt
  return theirs > receivedAt ? theirs - receivedAt : 0
}
