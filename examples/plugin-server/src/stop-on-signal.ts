import { once } from 'node:events'
import type { Server } from 'node:http'

import type { Health } from '@mcp/otel'
import type { Logger } from '@mcp/otel-logging'

import type { DemoLoad } from './demo-load.ts'
import type { PluginHost } from './plugin-host.ts'

export interface StopOptions {
  readonly server: Server
  readonly host: PluginHost
  readonly log: Logger
  readonly demo: DemoLoad | undefined
  /** Is told first, so that who asks `/readyz` sends no more. */
  readonly health: Health | undefined
  /** Seconds that the jobs get to end. */
  readonly seconds: number
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/**
 * Ends the process in order at the first signal: no new connections, the jobs run to their end, the answers go out. Exit
 * code 0, or 1 when jobs had to be stopped. The second signal ends it at once, as if nobody listened.
 */
export function stopOnSignal({ server, host, log, demo, health, seconds }: StopOptions): void {
  const onSignal = (signal: NodeJS.Signals): void => {
    for (const name of SIGNALS) process.off(name, onSignal)
    void stop(signal)
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  // An answer that went out while stopping leaves a connection that nothing else would close soon.
  server.on('request', (_request, response) => {
    response.once('finish', () => {
      if (!server.listening) server.closeIdleConnections()
    })
  })

  async function stop(signal: NodeJS.Signals): Promise<void> {
    void health?.drain()
    const closed = once(server, 'close')
    server.close()
    demo?.stop()
    const drained = await host.drain(seconds)
    setTimeout(() => server.closeAllConnections(), 1000).unref()
    await closed
    log.audit('server.stop', 'system', { signal, drained })
    process.exitCode = drained ? 0 : 1
  }
}
