import type { IncomingMessage } from 'node:http'

export interface AskOptions {
  readonly headers: Readonly<Record<string, string>>
  /** Of the whole answer, ms. */
  readonly timeout: number
}

/** Longest body, in characters: no health is as long. */
const MAX_BODY = 10_000_000

/** Returns what a URL answers; redirects are not followed. Unlike `fetch`, which refuses some ports, it asks any. */
export async function askUrl(
  url: URL,
  { headers, timeout }: AskOptions,
): Promise<{ readonly code: number; readonly text: string }> {
  // An ES import of node:http makes Node load its WebSocket as well.
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  const signal = AbortSignal.timeout(timeout)
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, { headers, signal, agent: false }, resolve).once('error', reject).end()
    })
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) {
      text += String(chunk)
      if (text.length > MAX_BODY) throw new Error(`the answer is longer than ${MAX_BODY} characters`)
    }
    return { code: response.statusCode ?? 0, text }
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
}
