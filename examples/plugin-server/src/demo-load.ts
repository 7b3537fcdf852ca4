/** A stream of requests that the server sends to itself, so that there is something to see. */
export interface DemoLoad {
  /** Sends no more; what is under way is answered like any request. */
  stop(): void
}

export interface DemoLoadOptions {
  /** Where the server listens: `http://127.0.0.1:5000`. */
  readonly url: string
  /** Requests per second. */
  readonly rate: number
  /** Seconds after which it has sent all, unless the server is slow. */
  readonly seconds: number
}

/** Beyond it the next request has to wait: a server that has become slow is not buried under its own demonstration. */
const MAX_IN_FLIGHT = 8

/** Sends `rate * seconds` real requests over HTTP, one after the other from a fixed list, unless stopped before. */
export function startDemoLoad({ url, rate, seconds }: DemoLoadOptions): DemoLoad {
  const last = Math.ceil(rate * seconds)
  let sent = 0
  let inFlight = 0

  const timer = setInterval(() => {
    if (sent >= last) return clearInterval(timer)
    const request = REQUESTS[sent % REQUESTS.length]
    if (request === undefined || inFlight >= MAX_IN_FLIGHT) return
    sent += 1
    void send(request)
  }, 1000 / rate)

  async function send({ path, ...init }: DemoRequest): Promise<void> {
    inFlight += 1
    try {
      const response = await fetch(url + path, init)
      await response.arrayBuffer()
    } catch {
      // The server has stopped: the demonstration ends with it.
    } finally {
      inFlight -= 1
    }
  }

  return { stop: () => clearInterval(timer) }
}

interface DemoRequest {
  readonly path: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

function post(body: string): DemoRequest {
  return { path: '/run', method: 'POST', headers: { 'content-type': 'application/json' }, body }
}

function run(plugin: string, command: string, args: Record<string, unknown> = {}): DemoRequest {
  return post(JSON.stringify({ plugin, command, args }))
}

/** One failing execution in 30: at the default rate the guide's alert on errors, above 0.1 a second, stays quiet. */
const REQUESTS: readonly DemoRequest[] = [
  run('checksum', 'directory', { recursive: true }),
  run('system', 'memory'),
  run('words', 'count', { file: 'sonnet-18.txt' }),
  run('search', 'text', { pattern: 'summer' }),
  run('system', 'load'),
  run('checksum', 'file', { file: 'sonnet-116.txt' }),
  { path: '/help' },
  run('words', 'count', { file: 'letters/new.txt', top: 3 }),
  run('system', 'disk'),
  run('search', 'text', { pattern: '^love', ignoreCase: true }),
  // Slow: watches the processors for as long as it says.
  run('system', 'cpu', { seconds: 1.5 }),
  run('checksum', 'directory', { directory: 'letters' }),
  run('words', 'count', { file: 'sonnet-116.txt' }),
  run('system', 'os'),
  // No such plugin.
  run('weather', 'today'),
  run('search', 'text', { pattern: '\\d+', directory: '.' }),
  run('checksum', 'file', { file: 'inventory.csv' }),
  run('system', 'memory'),
  // An argument of the wrong type.
  run('words', 'count', { file: 42 }),
  run('system', 'load'),
  run('words', 'count', { file: 'sonnet-18.txt', top: 10 }),
  run('checksum', 'directory'),
  { path: '/no/such/page' },
  run('search', 'text', { pattern: 'lantern', directory: '.' }),
  // An error: the file is not text in UTF-8.
  run('words', 'count', { file: 'letters/old.txt' }),
  run('system', 'disk'),
  run('checksum', 'file', { file: 'README.txt' }),
  post('{"plugin": "words", "command"'),
  run('system', 'cpu', { seconds: 0.2 }),
  run('search', 'text', { pattern: 'star|lips', directory: '.' }),
]
