import type { HealthResource, HealthTool } from '@mcp/otel-health'

/** A request of the Model Context Protocol, as an SDK hands it to a handler. */
interface McpRequest {
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>>
}

type RequestHandler = (request: McpRequest, extra: unknown) => unknown

/** The handlers of a server by method. */
export type RequestHandlers = Map<string, RequestHandler>

type Entry = Readonly<Record<string, unknown>>

/** JSON-RPC's code for parameters that are wrong, which the SDKs use for names that do not exist. */
const INVALID_PARAMS = -32_602
/** A list with more pages than this is taken for one without an end. */
const MAX_PAGES = 100

/** Adds a tool to a server's; one of the server's own by the same name goes first. */
export function addTool(handlers: RequestHandlers, { handler, ...tool }: HealthTool): void {
  const isOurs = ({ name }: Entry): boolean => name === tool.name
  const listed = addToList(handlers, { method: 'tools/list', key: 'tools', entry: { ...tool }, isOurs })
  addAnswer(handlers, 'tools/call', { isOurs, isTaken: listed, answer: handler })
}

/** Adds a resource to a server's; one of the server's own by the same URI goes first. */
export function addResource(handlers: RequestHandlers, { handler, ...resource }: HealthResource): void {
  const isOurs = ({ uri }: Entry): boolean => uri === resource.uri
  const listed = addToList(handlers, { method: 'resources/list', key: 'resources', entry: { ...resource }, isOurs })
  addAnswer(handlers, 'resources/read', { isOurs, isTaken: listed, answer: handler })
  // A server with resources is asked for this as well.
  if (!handlers.has('resources/templates/list')) {
    handlers.set('resources/templates/list', () => ({ resourceTemplates: [] }))
  }
}

interface Listing {
  readonly method: 'tools/list' | 'resources/list'
  readonly key: 'tools' | 'resources'
  readonly entry: Entry
  readonly isOurs: (entry: Entry) => boolean
}

/** Has our entry at the end of the list; returns what asks whether the server has one of its own that takes its place. */
function addToList(handlers: RequestHandlers, { method, key, entry, isOurs }: Listing): RequestHandler {
  const own = handlers.get(method)
  if (own === undefined) {
    handlers.set(method, () => ({ [key]: [entry] }))
    return () => false
  }
  const hasOurs = (page: unknown): boolean => entriesOf(page, key).some(isOurs)
  /** Whether a page before this one had it: the list goes on where the last answer ended. */
  let isTaken = false
  handlers.set(method, async (request, extra) => {
    const page = await own(request, extra)
    if (request.params?.['cursor'] === undefined) isTaken = false
    isTaken ||= hasOurs(page)
    if (isTaken || cursorOf(page) !== undefined || !Array.isArray((page as Entry)[key])) return page
    return { ...(page as Entry), [key]: [...entriesOf(page, key), entry] }
  })
  return async ({ params }, extra) => {
    let cursor: unknown
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const meta = params?.['_meta']
      const asked = { ...(meta !== undefined && { _meta: meta }), ...(cursor !== undefined && { cursor }) }
      const page = await own({ method, params: asked }, extra)
      if (hasOurs(page)) return true
      cursor = cursorOf(page)
      if (cursor === undefined) return false
    }
    return false
  }
}

interface Answering {
  readonly isOurs: (params: Entry) => boolean
  readonly isTaken: RequestHandler
  readonly answer: () => unknown
}

function addAnswer(
  handlers: RequestHandlers,
  method: 'tools/call' | 'resources/read',
  { isOurs, isTaken, answer }: Answering,
): void {
  const own = handlers.get(method)
  const others: RequestHandler = (request, extra) => {
    if (own !== undefined) return own(request, extra)
    const { name, uri } = request.params ?? {}
    throw Object.assign(new Error(`${String(name ?? uri)} does not exist`), { code: INVALID_PARAMS })
  }
  const first: RequestHandler = async (request, extra) =>
    (await isTaken(request, extra)) ? others(request, extra) : answer()
  handlers.set(method, (request, extra) => (isOurs(request.params ?? {}) ? first : others)(request, extra))
}

function entriesOf(page: unknown, key: string): readonly Entry[] {
  const entries = (page as Entry | null | undefined)?.[key]
  return Array.isArray(entries) ? (entries as readonly Entry[]) : []
}

function cursorOf(page: unknown): unknown {
  return (page as Entry | null | undefined)?.['nextCursor']
}
