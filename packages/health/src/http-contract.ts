/** What of an HTTP request the answer depends on. */
export interface HealthRequest {
  readonly method: string
  /** Path, with or without a query; or a whole URL. */
  readonly url: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Of the socket, never of a header. */
  readonly remoteAddress: string | undefined
}

export interface HealthResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Empty for HEAD. */
  readonly body: string
}

/** Where the endpoints are. */
export interface HealthPaths {
  /** Default `/health`; groups of your own are below it. */
  readonly health: string
  /** Default `/livez`. */
  readonly liveness: string
  /** Default `/readyz`. */
  readonly readiness: string
  /** Default `/startupz`. */
  readonly startup: string
}

export const DEFAULT_PATHS: HealthPaths = {
  health: '/health',
  liveness: '/livez',
  readiness: '/readyz',
  startup: '/startupz',
}
