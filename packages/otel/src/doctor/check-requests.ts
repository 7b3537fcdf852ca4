import { setTimeout as pause } from 'node:timers/promises'

import { ownServers, type Facts, type ServerFacts } from './facts.ts'
import { fail, ok, warn, type Finding } from './finding.ts'
import { reach } from './reach.ts'
import { readPage } from './read-page.ts'

/** No app has it, so that nothing but its 404 is asked for. */
const PATH = '/mcp-otel-doctor'
const PATIENCE_MILLIS = 3000
const POLL_MILLIS = 50

/** Makes a request to the app's own server, and looks whether it is counted: the proof that HTTP is observed. */
export async function checkRequests(facts: Facts, token: string | undefined): Promise<Finding> {
  const { hooks, telemetry } = facts
  const endpoint = telemetry?.url
  const own = ownServers(facts)
  const server = own.find(({ protocol }) => protocol !== 'other')
  if (server === undefined) return unserved(own.length, hooks)
  const url = urlOf(server)
  const count = async (): Promise<number | undefined> => {
    const page = await reach(`${endpoint}/metrics`, { token })
    if ('reason' in page || page.status !== 200) return undefined
    const counted = readPage(page.body).samples.filter(({ name }) => name === 'mcp_requests_total')
    return counted.reduce((sum, { value }) => sum + value, 0)
  }
  const before = endpoint === undefined ? undefined : await count()
  if (before === undefined)
    return warn('requests', `${url} listens; there is no page to see its requests on`, 'see "endpoint"')
  const answer = await reach(`${url}${PATH}`, { timeoutMillis: PATIENCE_MILLIS })
  if ('reason' in answer)
    return warn('requests', `${url} did not answer a request: ${answer.reason}`, 'see that the app answers')
  const end = Date.now() + PATIENCE_MILLIS
  while (Date.now() < end) {
    if (((await count()) ?? before) > before)
      return ok('requests', `a request to ${url} was answered with ${answer.status}, and counted`)
    await pause(POLL_MILLIS)
  }
  return fail(
    'requests',
    `a request to ${url} was answered with ${answer.status}, and not counted`,
    'see that MCP_OTEL_HTTP_IGNORE does not take it out, and that the process that listens is the one with @mcp/otel',
  )
}

function unserved(others: number, hooks: Facts['hooks']): Finding {
  const speaks = hooks.find(({ loaded, what }) => loaded > 0 && what.includes('Model Context Protocol'))
  if (speaks !== undefined)
    return ok('requests', 'the app has no HTTP server; its messages of the Model Context Protocol are observed')
  const what = others > 0 ? 'no server of the app speaks HTTP' : 'the app opened no server in its main thread'
  return ok('requests', `${what}: there are no requests to count`)
}

function urlOf({ address, port, protocol }: ServerFacts): string {
  const host =
    address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address.includes(':') ? `[${address}]` : address
  return `${protocol}://${host}:${port}`
}
