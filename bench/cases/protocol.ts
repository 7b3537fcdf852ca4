import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'

import { cleanOf, spin } from '../harness/calibrate.ts'
import type { Batch } from '../harness/calibrate.ts'
import { caseInput, endCase } from '../harness/child.ts'
import { observers } from '../protocol/observers.ts'

export interface ProtocolInput {
  readonly observer: string
  readonly batches: number
  readonly warmUpCalls: number
}

/** So many that each batch has its share of collected garbage, which some hundreds of calls do not. */
const CALLS = 2000
/** In memory a call never leaves the queue of promises; exporters and timers have their turn in between. */
const CALLS_A_TURN = 200

const { observer, batches, warmUpCalls } = caseInput<ProtocolInput>()
const server = new McpServer({ name: 'bench', version: '1' })
const spans = observers[observer]?.setup(server) ?? (() => 0)
server.registerTool('echo', { description: 'echo', inputSchema: { text: z.string() } }, ({ text }) => ({
  content: [{ type: 'text', text }],
}))
const client = new Client({ name: 'bench', version: '1' })
const [near, far] = InMemoryTransport.createLinkedPair()
await server.connect(far)
await client.connect(near)
let answered = 0

await call(warmUpCalls)
const spansBefore = spans()
const measured: Batch[] = []
for (let i = 0; i < batches; i++) {
  const before = spin()
  const start = process.cpuUsage()
  await call(CALLS)
  const { user, system } = process.cpuUsage(start)
  measured.push({ value: (user + system) / CALLS, spin: Math.max(before, spin()) })
}
const { value, clean } = cleanOf(measured)
endCase({
  figures: { cpu: value, spans: (spans() - spansBefore) / (batches * CALLS), clean: clean * 100 },
  totals: `${answered} calls answered`,
})

async function call(count: number): Promise<void> {
  for (let i = 1; i <= count; i++) {
    const { content } = await client.callTool({ name: 'echo', arguments: { text: 'hello' } })
    if ((content as { text?: string }[])[0]?.text === 'hello') answered++
    if (i % CALLS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}
