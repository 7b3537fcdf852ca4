import { execFile } from 'node:child_process'
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

import { withFileLock } from './file-lock.ts'

const run = promisify(execFile)
const CACHE: string = path.join(import.meta.dirname, '../../.cache/debian')

/** A real program for tests, or why it cannot be had on this machine. */
export type Component<T> =
  | { readonly name: string; readonly found: T }
  | { readonly name: string; readonly reason: string }

/** Prometheus and its tool, as paths. */
export interface Prometheus {
  readonly prometheus: string
  readonly promtool: string
}

/** Alertmanager and its tool, as paths. */
export interface Alertmanager {
  readonly alertmanager: string
  readonly amtool: string
}

/** A Python that finds a package from Debian. */
export interface PythonClient {
  readonly python: string
  readonly env: Readonly<Record<string, string>>
}

/** jq: the folder to put on the path, and what it needs of the environment. */
export interface Jq {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

/** Fetches Debian's Prometheus, without installing it; the second call finds it in the cache. */
export function findPrometheus(): Promise<Component<Prometheus>> {
  return find('prometheus', async () => {
    const bin = path.join(await unpacked('prometheus'), 'usr/bin')
    return { prometheus: await runnable(bin, 'prometheus'), promtool: await runnable(bin, 'promtool') }
  })
}

/** Fetches Debian's Alertmanager, without installing it. */
export function findAlertmanager(): Promise<Component<Alertmanager>> {
  return find('prometheus-alertmanager', async () => {
    const bin = path.join(await unpacked('prometheus-alertmanager'), 'usr/bin')
    return { alertmanager: await runnable(bin, 'prometheus-alertmanager'), amtool: await runnable(bin, 'amtool') }
  })
}

/** Fetches Debian's package of Prometheus' Python client, for the machine's own Python. */
export function findPythonClient(): Promise<Component<PythonClient>> {
  return find('python3-prometheus-client', async () => {
    const python = await runnable('/usr/bin', 'python3')
    const roots = [await unpacked('python3-prometheus-client'), await unpacked('python3-decorator')]
    const PYTHONPATH = roots.map((root) => path.join(root, 'usr/lib/python3/dist-packages')).join(path.delimiter)
    const env = { PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' }
    await run(python, ['-c', 'import prometheus_client.parser, prometheus_client.openmetrics.parser'], { env })
    return { python, env }
  })
}

/** Fetches Debian's package of the JSON formatter that the guide configures, for the machine's own Python. */
export function findPythonJsonLogger(): Promise<Component<PythonClient>> {
  return find('python3-pythonjsonlogger', async () => {
    const python = await runnable('/usr/bin', 'python3')
    const PYTHONPATH = path.join(await unpacked('python3-pythonjsonlogger'), 'usr/lib/python3/dist-packages')
    const env = { PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' }
    await run(python, ['-c', 'import pythonjsonlogger.jsonlogger'], { env })
    return { python, env }
  })
}

/** Finds the machine's own jq, or fetches Debian's without installing it. */
export function findJq(): Promise<Component<Jq>> {
  return find('jq', async () => {
    const own = await runnable('/usr/bin', 'jq').catch(() => undefined)
    if (own !== undefined) return { folder: path.dirname(own), env: {} }
    const roots = await Promise.all(['jq', 'libjq1', 'libonig5'].map(unpacked))
    const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
    const env = { LD_LIBRARY_PATH: roots.map((root) => path.join(root, 'usr/lib', triplet)).join(path.delimiter) }
    const jq = await runnable(path.join(roots[0] ?? '', 'usr/bin'), 'jq')
    await run(jq, ['--version'], { env })
    return { folder: path.dirname(jq), env }
  })
}

const OLDEST_NODE = '22.15.0'

/** Fetches the oldest Node that is supported, from the registry that npm is set up with. */
export function findOldestNode(): Promise<Component<string>> {
  return find(`node ${OLDEST_NODE}`, async () => {
    const packageName = `node-${process.platform}-${process.arch}`
    const folder = path.join(CACHE, `../node-${OLDEST_NODE}`)
    const bin = path.join(folder, 'node_modules', packageName, 'bin')
    await mkdir(folder, { recursive: true })
    return withFileLock(`${folder}.lock`, async () => {
      if (!(await isThere(bin))) {
        const flags = [
          '--no-save',
          '--no-package-lock',
          '--ignore-scripts',
          '--no-fund',
          '--no-audit',
          '--loglevel=error',
        ]
        await run('npm', ['install', ...flags, '--prefix', folder, `${packageName}@${OLDEST_NODE}`])
      }
      return runnable(bin, 'node')
    })
  })
}

async function find<T>(name: string, locate: () => Promise<T>): Promise<Component<T>> {
  try {
    return { name, found: await locate() }
  } catch (error) {
    return {
      name,
      reason:
        String(error instanceof Error ? error.message : error)
          .trim()
          .split('\n')
          .at(0) ?? '',
    }
  }
}

/** Returns the folder that a package is unpacked in; a package stands there whole or not at all. */
async function unpacked(name: string): Promise<string> {
  const target = path.join(CACHE, name)
  if (await isThere(target)) return target
  await mkdir(CACHE, { recursive: true })
  return withFileLock(path.join(CACHE, `${name}.lock`), async () => {
    if (await isThere(target)) return target
    const work = await mkdtemp(path.join(CACHE, `.${name}-`))
    try {
      await download(name, work)
      const archive = (await readdir(work)).find((file) => file.endsWith('.deb'))
      if (archive === undefined) throw new Error(`apt-get download ${name} left no package behind`)
      await run('dpkg', ['-x', archive, 'root'], { cwd: work })
      await rename(path.join(work, 'root'), target)
      return target
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  })
}

/** The signed package lists, and so the integrity, are apt's own affair. */
async function download(name: string, cwd: string): Promise<void> {
  const get = (): Promise<unknown> => run('apt-get', ['-q', 'download', name], { cwd })
  try {
    await get()
  } catch {
    await withFileLock(path.join(CACHE, 'lists.lock'), () => run('apt-get', ['-q', 'update'], { cwd }))
    await get()
  }
}

async function runnable(folder: string, name: string): Promise<string> {
  const file = path.join(folder, name)
  await access(file, constants.X_OK)
  return file
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
