/** What a router of Express sets on a request. */
export interface ExpressRequest {
  readonly params?: Readonly<Record<string, unknown>> | undefined
}

/** Where router 2.3 (Express 5.3) keeps the path that the layer it runs was declared with. */
const MATCHED_ROUTE = 'router.tracing.matchedRoute'

interface Mount {
  readonly url: string
  readonly template: string
}

const NONE: readonly Mount[] = []
const ROOT: Mount = { url: '', template: '' }

/** The mount path of the router that a request is in: `/orgs/:org` for a `baseUrl` of `/orgs/acme`. */
export class MountPath {
  /** `req.baseUrl`, as set. */
  url: unknown
  #entered: readonly Mount[] = NONE

  get template(): string {
    return this.#entered.at(-1)?.template ?? ''
  }

  /** Follows a new value of `req.baseUrl`: longer than the last one when a router is entered, shorter when it is left. */
  enter(url: unknown, request: ExpressRequest): void {
    this.url = url
    if (typeof url !== 'string' || url === '') {
      this.#entered = NONE
      return
    }
    const entered = this.#entered.filter((mount) => isWithin(url, mount.url))
    const outer = entered.at(-1) ?? ROOT
    this.#entered = entered
    if (url === outer.url) return
    const piece = declaredPath(request) ?? templateOfPiece(url.slice(outer.url.length), request.params)
    this.#entered = [...entered, { url, template: joined(outer.template, piece) }]
  }

  /** Returns the template of a route that matched here. */
  templateOf(route: unknown, request: ExpressRequest): string | undefined {
    const path: unknown = (route as { path?: unknown } | null | undefined)?.path
    if (path === undefined) return undefined
    const declared = Array.isArray(path) ? (declaredPath(request) ?? path.flat(Infinity).join(',')) : path
    return joined(this.template, `${declared as string | RegExp}`)
  }
}

function isWithin(url: string, base: string): boolean {
  return url === base || url.startsWith(`${base}/`)
}

function joined(mount: string, path: string): string {
  if (mount === '') return path
  const tail = path === '/' || path === '' ? '' : path
  return tail === '' || tail.startsWith('/') ? mount + tail : `${mount}/${tail}`
}

function declaredPath(request: ExpressRequest): string | undefined {
  const symbol = Object.getOwnPropertySymbols(request).find(({ description }) => description === MATCHED_ROUTE)
  const path: unknown = symbol && (request as Record<symbol, unknown>)[symbol]
  if (typeof path === 'string') return path === '/' ? path : path.replace(/\/+$/, '')
  return path instanceof RegExp ? String(path) : undefined
}

/**
 * Puts the names of the parameters where their values stand. Matching ignores case, so what stands for itself is
 * lowered: otherwise each spelling of a client would be a template.
 */
function templateOfPiece(piece: string, params: ExpressRequest['params'] = {}): string {
  const left = new Map(
    Object.entries(params).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
    ),
  )
  const segments = piece.split('/').map((segment) => {
    const text = decoded(segment)
    for (const [name, value] of left) {
      if (text !== value) continue
      left.delete(name)
      return `:${name}`
    }
    return segment.toLowerCase()
  })
  return left.size === 0
    ? segments.join('/')
    : `/${Object.keys(params)
        .map((name) => `:${name}`)
        .join('/')}`
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
