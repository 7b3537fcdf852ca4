import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SpanKind, context, propagation, trace } from '@opentelemetry/api'
import type { Span, Tracer } from '@opentelemetry/api'

type ToolHandler = (args: unknown, extra: { readonly requestId: number; readonly _meta?: object }) => unknown
type Register = (name: string, config: object, handler: ToolHandler) => unknown
interface Call {
  readonly name: string
}

const CALL = { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'echo' }

/**
 * Makes the spans that an instrumentation of both sides makes, as an app would that knows each of its calls: what is left
 * is what an OpenTelemetry SDK takes for them, and what the protocol's takes for the trace in the message.
 */
export function spansByHand(server: McpServer, tracer: Tracer): void {
  const register = server.registerTool.bind(server) as Register
  const registerTraced: Register = (name, config, handler) =>
    register(name, config, (args, extra) => {
      const parent = propagation.extract(context.active(), extra._meta ?? {})
      const span = tracer.startSpan('tools/call echo', { kind: SpanKind.SERVER, attributes: CALL }, parent)
      describe(span, extra.requestId)
      const result = context.with(trace.setSpan(parent, span), () => handler(args, extra))
      span.setAttribute('mcp.tool.call.result.size', 45)
      span.end()
      return result
    })
  Object.assign(server, { registerTool: registerTraced })
  let requests = 0
  const { callTool } = Client.prototype as unknown as { callTool: (this: unknown, call: object) => Promise<unknown> }
  async function callTraced(this: unknown, call: Call): Promise<unknown> {
    const parent = context.active()
    const span = tracer.startSpan('tools/call echo', { kind: SpanKind.CLIENT, attributes: CALL }, parent)
    describe(span, requests++)
    const own = trace.setSpan(parent, span)
    const meta = {}
    propagation.inject(own, meta)
    const result = await context.with(own, () => callTool.call(this, { ...call, _meta: meta }))
    span.end()
    return result
  }
  Object.assign(Client.prototype, { callTool: callTraced })
}

function describe(span: Span, request: number): void {
  span.setAttribute('jsonrpc.request.id', String(request))
  span.setAttribute('mcp.protocol.version', '2025-11-25')
  span.setAttribute('gen_ai.operation.name', 'execute_tool')
  span.setAttribute('mcp.tool.call.arguments.keys', ['text'])
  span.setAttribute('mcp.tool.call.arguments.size', 16)
}
