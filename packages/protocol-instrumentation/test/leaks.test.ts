import { TracerProvider } from '@opentelemetry/sdk-trace'
import type { SpanProcessor } from '@opentelemetry/sdk-trace'
import * as fc from 'fast-check'
import { beforeAll, expect, test, vi } from 'vitest'

import { createRig } from './support/rig.ts'
import type { Rig } from './support/rig.ts'
import { registerContext } from './support/telemetry.ts'

beforeAll(registerContext)

/** Counts spans that have started and not ended. */
function createSpanCounter(): { readonly tracerProvider: TracerProvider; open: () => number; started: () => number } {
  const open = new Set<string>()
  let started = 0
  const processor: SpanProcessor = {
    onStart(span) {
      started += 1
      open.add(span.spanContext().spanId)
    },
    onEnd: (span) => void open.delete(span.spanContext().spanId),
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  return {
    tracerProvider: new TracerProvider({ spanProcessors: [processor] }),
    open: () => open.size,
    started: () => started,
  }
}

type Deed = 'echo' | 'fail' | 'refuse' | 'nothing' | 'ask' | 'cancel' | 'run out' | 'abandon' | 'prompt'

const deeds = fc.constantFrom<Deed>(
  'echo',
  'fail',
  'refuse',
  'nothing',
  'ask',
  'cancel',
  'run out',
  'abandon',
  'prompt',
)

function act(rig: Rig, deed: Deed): Promise<unknown> {
  const call = (name: string, options = {}): Promise<unknown> =>
    rig.stack.callTool(rig.client, { name, arguments: {} }, options)
  if (deed === 'cancel') return call('slow', { signal: AbortSignal.timeout(5) })
  if (deed === 'run out') return call('slow', { timeout: 5 })
  if (deed === 'abandon') return call('slow')
  if (deed === 'prompt') return rig.client.getPrompt({ name: 'greet' })
  return call(deed)
}

test.each([
  ['v1 ESM', 'memory', 12],
  ['v1 CJS', 'stdio', 12],
  ['v2', 'memory', 12],
  ['v2', 'stdio', 12],
  ['v1 CJS', 'http stateful', 4],
  ['v2', 'http stateful', 4],
] as const)(
  '%s over %s: whatever is called and given up, at the close every span has ended',
  async (stack, transport, numRuns) => {
    await fc.assert(
      fc.asyncProperty(fc.array(deeds, { minLength: 1, maxLength: 12 }), async (program) => {
        const counter = createSpanCounter()
        const rig = await createRig(stack, transport, { tracerProvider: counter.tracerProvider })
        const calls = program.map((deed) => act(rig, deed).catch(() => {}))
        const ending = calls.filter((_call, i) => program[i] !== 'abandon')
        await Promise.all(ending)
        await rig.close()
        await Promise.all(calls)
        await vi.waitFor(() => {
          expect(counter.open()).toBe(0)
          expect(rig.points('mcp.protocol.active_requests')).toEqual({ 'role=server': 0, 'role=client': 0 })
          expect(rig.points('mcp.plugin.active_executions')).toEqual({ 'plugin=shop': 0 })
        })
        expect(counter.started()).toBeGreaterThan(program.length)
      }),
      { numRuns },
    )
  },
)

test('a message that cannot be sent ends its span with the class of the error, and the caller gets that error', async () => {
  const rig = await createRig('v2', 'memory')
  class BrokenPipeError extends Error {
    override name = 'BrokenPipeError'
  }
  const error = new BrokenPipeError('gone')
  const broken = {
    onmessage() {
      throw error
    },
  }
  Object.assign(rig.client.transport as object, { _otherTransport: broken })
  await expect(rig.stack.callTool(rig.client, { name: 'echo', arguments: {} })).rejects.toBe(error)
  const [span] = rig.spansOf('client', 'tools/call echo')
  expect(span?.attributes['error.type']).toBe('BrokenPipeError')
})
