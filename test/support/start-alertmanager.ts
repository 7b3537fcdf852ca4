import { execFile, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

import { startBound, stopChild } from './bound-child.ts'
import { findAlertmanager, type Alertmanager, type Component } from './components.ts'

const TEMPLATES = '/usr/share/prometheus/alertmanager'

/** Alertmanager, where this user may start it: without an installation that takes a mount namespace. */
export async function findRunnableAlertmanager(): Promise<Component<Alertmanager>> {
  const component = await findAlertmanager()
  if ('reason' in component || existsSync(TEMPLATES)) return component
  try {
    await promisify(execFile)('unshare', ['--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'none', '/usr/share'])
    return component
  } catch {
    return { name: component.name, reason: 'this user may not make a mount namespace, which its templates need' }
  }
}

/** One alert as the Alertmanager has it. */
export interface HeldAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly status: { readonly state: 'active' | 'suppressed' | 'unprocessed'; readonly inhibitedBy: readonly string[] }
}

/** An Alertmanager of one's own; stopped by its pid, at the latest when this process ends. */
export interface RunningAlertmanager extends AsyncDisposable {
  /** `host:port`, for Prometheus. */
  readonly host: string
  alerts(): Promise<HeldAlert[]>
  stop(): Promise<void>
}

/** Starts an Alertmanager with this configuration on a free port of 127.0.0.1, and resolves when it listens. */
export async function startAlertmanager(
  { alertmanager }: Pick<Alertmanager, 'alertmanager'>,
  config: string,
): Promise<RunningAlertmanager> {
  const folder = await mkdtemp(path.join(tmpdir(), 'alertmanager-'))
  const file = path.join(folder, 'alertmanager.yaml')
  await writeFile(file, config)
  const [program, ...first] = withTemplates(alertmanager)
  const child = startBound(program, [
    ...first,
    `--config.file=${file}`,
    `--storage.path=${path.join(folder, 'data')}`,
    '--web.listen-address=127.0.0.1:0',
    '--cluster.listen-address=',
    '--log.format=json',
  ])
  const stop = async (): Promise<void> => {
    await stopChild(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const host = await listeningHost(child)
    return {
      host,
      stop,
      [Symbol.asyncDispose]: stop,
      async alerts() {
        const response = await fetch(`http://${host}/api/v2/alerts?inhibited=true`)
        return (await response.json()) as HeldAlert[]
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Debian's reads its templates from where it would be installed: there they are, for this process alone. */
function withTemplates(alertmanager: string): [program: string, ...args: string[]] {
  if (existsSync(TEMPLATES)) return [alertmanager]
  const own = path.join(path.dirname(alertmanager), '../share/prometheus/alertmanager')
  const script = `mount -t tmpfs none /usr/share && mkdir /usr/share/prometheus && cp -r "$0" /usr/share/prometheus && exec "$@"`
  return ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, own, alertmanager]
}

/** It says on stderr which port it got. */
async function listeningHost(child: ChildProcess): Promise<string> {
  const log: string[] = []
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    log.push(line)
    if (!line.startsWith('{')) continue
    const { address, msg = '' } = JSON.parse(line) as { msg?: string; address?: string }
    if (/^Listening(?: on)?$/.test(msg) && address !== undefined && !address.endsWith(':0')) {
      child.stderr?.resume()
      return address
    }
  }
  throw new Error(`alertmanager ended before it listened; its log:\n${log.slice(-5).join('\n')}`)
}
