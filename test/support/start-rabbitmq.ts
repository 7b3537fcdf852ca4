import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { startBound, stopChild } from './bound-child.ts'
import type { RabbitMq } from './components.ts'
import { freePort } from './free-port.ts'

/** A RabbitMQ of one's own, without plugins; stopped by its pid, at the latest when this process ends. */
export interface RunningRabbitMq extends AsyncDisposable {
  readonly url: string
  /** Ends every connection and stops it; durable queues and persistent messages stay. */
  pause(): Promise<void>
  /** Starts it again on the same port, with the same data. */
  resume(): Promise<void>
  stop(): Promise<void>
}

/** Starts an empty RabbitMQ on a free port of 127.0.0.1, and resolves when it takes connections, in about six seconds. */
export async function startRabbitMq(found: RabbitMq): Promise<RunningRabbitMq> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rabbitmq-'))
  const [port, distributionPort, epmdPort] = await Promise.all([freePort(), freePort(), freePort()])
  const plugins = path.join(folder, 'plugins')
  const config = path.join(folder, 'rabbitmq.conf')
  await writeFile(plugins, '[].\n')
  await writeFile(config, 'log.console.level = info\n')
  const env = {
    ...erlangEnvironment(found, folder, epmdPort),
    ERL_LIBS: path.join(found.home, 'plugins'),
    SYS_PREFIX: '',
    RABBITMQ_HOME: found.home,
    RABBITMQ_PLUGINS_DIR: path.join(found.home, 'plugins'),
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_CONF_ENV_FILE: path.join(folder, 'none'),
    RABBITMQ_MNESIA_BASE: path.join(folder, 'mnesia'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_NODENAME: `test-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
  }
  // Erlang's name server would outlive the broker if the broker started it.
  const listen = ['-port', String(epmdPort), '-address', '127.0.0.1']
  const names = startBound(path.join(found.erts, 'epmd'), listen, { env })
  names.stderr?.resume()
  let broker: ChildProcess | undefined
  const pause = async (): Promise<void> => {
    if (broker !== undefined) await stopChild(broker)
    broker = undefined
  }
  const resume = async (): Promise<void> => {
    broker = startBound(path.join(found.erts, 'erlexec'), BOOT, { env })
    broker.stderr?.resume()
    await untilReady(broker)
  }
  const stop = async (): Promise<void> => {
    await pause()
    await stopChild(names)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await resume()
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `amqp://guest:guest@127.0.0.1:${port}`, pause, resume, stop, [Symbol.asyncDispose]: stop }
}

/** As its own start script has it, with one scheduler and without busy waiting: the cores are for the tests. */
const BOOT = [
  '-noinput -s rabbit boot -boot start_sasl +W w +S 1:1 +sbwt none',
  '-kernel inet_dist_use_interface {127,0,0,1} -kernel prevent_overlapping_partitions false',
  '-syslog logger [] -syslog syslog_error_logger false',
].flatMap((args) => args.split(' '))

function erlangEnvironment({ erlang, erts }: RabbitMq, home: string, epmdPort: number): Record<string, string> {
  return {
    // The cookie of its cluster lies there.
    HOME: home,
    PATH: [erts, '/usr/bin', '/bin'].join(path.delimiter),
    ROOTDIR: erlang,
    BINDIR: erts,
    EMU: 'beam',
    PROGNAME: 'erl',
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  }
}

async function untilReady(broker: ChildProcess): Promise<void> {
  const log: string[] = []
  for await (const line of createInterface({ input: broker.stdout as NodeJS.ReadableStream })) {
    log.push(line)
    if (line.includes('Server startup complete')) {
      broker.stdout?.resume()
      return
    }
  }
  throw new Error(`rabbitmq ended before it was ready; its log:\n${log.slice(-5).join('\n')}`)
}
