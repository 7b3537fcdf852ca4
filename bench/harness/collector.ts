import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A collector that takes what is exported to it over OTLP/HTTP, in a process of its own. */
export interface Collector {
  readonly url: string
  /** Returns how many spans have come, and forgets them. */
  takeSpans(): Promise<number>
  close(): void
}

export async function startCollector(): Promise<Collector> {
  const script = fileURLToPath(new URL('../cases/collector.ts', import.meta.url))
  const child = fork(script, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [port] = (await once(child, 'message')) as [number]
  return {
    url: `http://127.0.0.1:${port}`,
    takeSpans: async () => {
      child.send('take')
      const [spans] = (await once(child, 'message')) as [number]
      return spans
    },
    close: () => child.kill(),
  }
}
