import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'

import { createLibrary } from './create-library.ts'

const handler = toNodeHandler(createMcpHandler(createLibrary)) as RequestListener
const http = createServer((request, response) => {
  if (new URL(request.url ?? '/', 'http://localhost').pathname === '/mcp') handler(request, response)
  else response.writeHead(404).end()
})
http.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`)
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    http.close()
    http.closeAllConnections()
  })
}
