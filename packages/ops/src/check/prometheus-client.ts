/** One series of an answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** Asks a Prometheus. */
export interface PrometheusClient {
  /** Evaluates an expression now; rejects with what Prometheus says against it. */
  query(expression: string): Promise<readonly Sample[]>
}

interface Answer {
  readonly status?: string
  readonly error?: string
  readonly data?: { readonly result?: readonly { metric: Record<string, string>; value: [number, string] }[] }
}

const TIMEOUT_MS = 30_000

/** A client for the HTTP API at `address`, which may have a path, and a name and password. */
export function createPrometheusClient(address: string): PrometheusClient {
  const { headers, url } = parseAddress(address)
  return {
    async query(expression) {
      const body = new URLSearchParams({ query: expression })
      const request = { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) }
      const response = await fetch(`${url}/api/v1/query`, request).catch((error: Error) => {
        throw new Error(`${url} cannot be reached: ${causeOf(error)}`, { cause: error })
      })
      const answer = (await response.json().catch(() => ({}))) as Answer
      if (answer.status !== 'success' || answer.data?.result === undefined) {
        throw new Error(
          `${url} answered ${response.status} to ${expression}: ${answer.error ?? 'not as Prometheus does'}`,
        )
      }
      return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
    },
  }
}

function parseAddress(address: string): { url: string; headers: Record<string, string> } {
  const parsed = URL.canParse(address) ? new URL(address) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new Error(`--prometheus is ${JSON.stringify(address)}; expected an address such as http://localhost:9090`)
  }
  const { password, username } = parsed
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  return {
    url: `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, ''),
    headers: username === '' ? {} : { authorization: `Basic ${credentials}` },
  }
}

function causeOf(error: Error): string {
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}
