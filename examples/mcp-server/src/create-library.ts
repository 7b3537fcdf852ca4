import { once } from 'node:events'

import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

const BOOKS = new Map([
  ['978-0', { title: 'The Sea', copies: 2 }],
  ['978-1', { title: 'The Mountain', copies: 0 }],
])

class OutOfStockError extends Error {
  override name = 'OutOfStockError'
}

/** Makes a library's server. It knows nothing of telemetry. */
export function createLibrary(): McpServer {
  const server = new McpServer({ name: 'library', version: '1.0.0' })

  server.registerTool(
    'find-book',
    { description: 'Finds a book by words of its title', inputSchema: z.object({ words: z.string() }) },
    ({ words }) => {
      const found = [...BOOKS].filter(([, { title }]) => title.toLowerCase().includes(words.toLowerCase()))
      return said(found.map(([isbn, { title }]) => `${isbn} ${title}`).join('\n') || 'nothing found')
    },
  )

  server.registerTool(
    'lend-book',
    { description: 'Lends a copy; fails when there is none', inputSchema: z.object({ isbn: z.string() }) },
    ({ isbn }) => {
      const book = BOOKS.get(isbn)
      if (book === undefined) return { ...said(`no book ${isbn}`), isError: true }
      if (book.copies === 0) throw new OutOfStockError(`no copy of ${book.title} is left`)
      return said(`${book.title} is yours for two weeks`)
    },
  )

  server.registerTool(
    'scan-shelves',
    {
      description: 'Takes a while, tells its progress, and can be cancelled',
      inputSchema: z.object({ shelves: z.number().int().min(1) }),
    },
    async ({ shelves }, { mcpReq }) => {
      const { _meta: meta, signal } = mcpReq
      for (let shelf = 1; shelf <= shelves; shelf++) {
        await Promise.race([once(AbortSignal.timeout(500), 'abort'), once(signal, 'abort')])
        signal.throwIfAborted()
        const progress = { progressToken: meta?.progressToken ?? 0, progress: shelf, total: shelves }
        if (meta?.progressToken !== undefined)
          await mcpReq.notify({ method: 'notifications/progress', params: progress })
      }
      return said(`${shelves} shelves scanned`)
    },
  )

  server.registerTool(
    'fetch-review',
    { description: 'Asks another service over HTTP', inputSchema: z.object({ url: z.url() }) },
    async ({ url }) => said(await (await fetch(url)).text()),
  )

  server.registerResource('opening-hours', 'library://hours', { mimeType: 'text/plain' }, (uri) => ({
    contents: [{ uri: uri.href, text: 'Monday to Friday, 9 to 18' }],
  }))

  server.registerPrompt(
    'recommend',
    { description: 'Asks for a recommendation', argsSchema: z.object({ mood: z.string() }) },
    ({ mood }) => ({
      messages: [{ role: 'user', content: { type: 'text', text: `Recommend a book for a ${mood} evening.` } }],
    }),
  )
  return server
}

function said(text: string): { content: [{ type: 'text'; text: string }] } {
  return { content: [{ type: 'text', text }] }
}
