import { Client } from '@modelcontextprotocol/sdk/client/index.js'

const META = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }

/**
 * Puts a trace that nobody reads into each call: what the protocol's SDK alone takes to check it with the rest of the message,
 * three times, whoever sends it. Returns how many spans are made, which is none.
 */
export function sendTraces(): () => number {
  const { callTool } = Client.prototype as unknown as { callTool: (this: unknown, call: object) => Promise<unknown> }
  function callWithTrace(this: unknown, call: object): Promise<unknown> {
    return callTool.call(this, { ...call, _meta: META })
  }
  Object.assign(Client.prototype, { callTool: callWithTrace })
  return () => 0
}
