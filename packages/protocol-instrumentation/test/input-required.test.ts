import { acceptedContent, inputRequired } from '@modelcontextprotocol/server'
import { SpanStatusCode } from '@opentelemetry/api'
import { beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'

import { createRig } from './support/rig.ts'
import { registerContext } from './support/telemetry.ts'

beforeAll(registerContext)

const confirmation = z.object({ confirm: z.boolean() })

test('over the 2026-07-28 revision, a tool that asks for input has succeeded, and so has the call that brings it', async () => {
  const rig = await createRig('v2', 'http modern', {}, 'v2', (server) => {
    server.registerTool('deploy', {}, (context: { mcpReq: { inputResponses?: Record<string, unknown> } }) => {
      const confirmed = acceptedContent(context.mcpReq.inputResponses as never, 'confirm', confirmation)
      if (confirmed !== undefined) return { content: [{ type: 'text', text: 'deployed' }] }
      const asked = inputRequired.elicit({ message: 'Really?', requestedSchema: confirmation })
      return inputRequired({ inputRequests: { confirm: asked } })
    })
  })
  try {
    rig.client.setRequestHandler(rig.stack.elicitRequest, () => ({ action: 'accept', content: { confirm: true } }))
    const result = await rig.stack.callTool(rig.client, { name: 'deploy', arguments: {} })
    expect(result.content?.[0]?.text).toBe('deployed')
    const spans = await vi.waitFor(() => {
      const found = [...rig.spansOf('server', 'tools/call deploy'), ...rig.spansOf('client', 'tools/call deploy')]
      expect(found).toHaveLength(4)
      return found
    })
    for (const { attributes, status } of spans) {
      expect(status.code).toBe(SpanStatusCode.UNSET)
      expect(attributes['error.type']).toBeUndefined()
    }
    expect(rig.points('mcp.plugin.executions')).toMatchObject({ 'plugin=shop,command=deploy,status=success': 2 })
  } finally {
    await rig.close()
  }
})
