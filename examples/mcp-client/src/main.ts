import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'

const [target, ...args] = process.argv.slice(2)
if (target === undefined) {
  console.error('usage: main.ts <url of a server | program> [argument …]')
  process.exit(2)
}

const client = new Client({ name: 'reader', version: '1.0.0' })
await client.connect(
  /^https?:/.test(target)
    ? new StreamableHTTPClientTransport(new URL(target))
    : new StdioClientTransport({ command: target, args, env: process.env as Record<string, string> }),
)

const { tools } = await client.listTools()
console.log(`tools: ${tools.map(({ name }) => name).join(', ')}`)
await call('find-book', { words: 'sea' })
await call('lend-book', { isbn: '978-1' })
const review = process.env['REVIEW_URL']
if (review !== undefined) await call('fetch-review', { url: review })
await call('scan-shelves', { shelves: 20 }, AbortSignal.timeout(700))
await client.close()

async function call(name: string, given: Record<string, unknown>, signal?: AbortSignal): Promise<void> {
  try {
    const { content, isError } = await client.callTool({ name, arguments: given }, signal && { signal })
    const text = content.map((part) => (part.type === 'text' ? part.text : part.type)).join(' ')
    console.log(`${name}: ${isError === true ? `failed, ${text}` : text}`)
  } catch (error) {
    console.log(`${name}: given up, ${error instanceof Error ? error.message : String(error)}`)
  }
}
