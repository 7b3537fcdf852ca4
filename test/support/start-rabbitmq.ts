import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { startBound, stopChild } from './bound-child.ts'
import type { RabbitMq } from './components.ts'
import { freePort } from './free-port.ts'
import { startPausable } from './pausable-server.ts'
import type { PausableServer } from './pausable-server.ts'

/** Without plugins; what stays over a pause is durable queues and persistent messages. */
export interface RunningRabbitMq extends PausableServer {
  readonly url: string
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
  const server = await startPausable({
    name: 'rabbitmq',
    spawn: () => startBound(path.join(found.erts, 'erlexec'), BOOT, { env }),
    readyText: 'Server startup complete',
    log: 'stdout',
    async cleanUp() {
      await stopChild(names)
      await rm(folder, { recursive: true, force: true })
    },
  })
  return { ...server, url: `amqp://guest:guest@127.0.0.1:${port}` }
}

/**
 * As its own start script has it, with one scheduler of each kind and without busy waiting: the cores are for the tests.
 * Where one that waits keeps a core from the one that works, the start takes minutes.
 */
const BOOT = [
  '-noinput -s rabbit boot -boot start_sasl +W w +S 1:1 +SDcpu 1:1 +SDio 1 +sbwt none +sbwtdcpu none +sbwtdio none',
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
