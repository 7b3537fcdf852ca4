import { expect, test } from 'vitest'

import { addTool } from '../src/health/mcp-handlers.ts'
import type { RequestHandlers } from '../src/health/mcp-handlers.ts'

const OURS = { name: 'health', description: 'ours', inputSchema: { type: 'object' }, handler: () => 'ours' }

/** Handlers of a server that lists its tools by pages, and what they answer once ours is among them. */
function serving(pages: { tools: { name: string }[]; nextCursor?: string }[]) {
  const handlers: RequestHandlers = new Map()
  handlers.set('tools/list', ({ params }) => pages[Number(params?.['cursor'] ?? 0)])
  handlers.set('tools/call', () => 'theirs')
  addTool(handlers, OURS as never)
  const ask = async (method: string, params: object = {}) =>
    handlers.get(method)?.({ method, params: { ...params } }, {})
  const namesOf = async (cursor?: string) =>
    ((await ask('tools/list', cursor === undefined ? {} : { cursor })) as { tools: { name: string }[] }).tools.map(
      ({ name }) => name,
    )
  return { ask, namesOf }
}

test('a tool of the server by the same name goes first for as long as the server has it', async () => {
  const first = { tools: [{ name: 'health' }], nextCursor: '1' }
  const { ask, namesOf } = serving([first, { tools: [{ name: 'buy' }] }])
  expect([await namesOf(), await namesOf('1')]).toEqual([['health'], ['buy']])
  expect(await ask('tools/call', { name: 'health' })).toBe('theirs')
  first.tools = []
  expect([await namesOf(), await namesOf('1')]).toEqual([[], ['buy', 'health']])
  expect(await ask('tools/call', { name: 'health' })).toBe('ours')
})

test('a list without an end does not keep ours from answering', async () => {
  const { ask } = serving([{ tools: [], nextCursor: '0' }])
  expect(await ask('tools/call', { name: 'health' })).toBe('ours')
  expect(await ask('tools/call', { name: 'buy' })).toBe('theirs')
})
