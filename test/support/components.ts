import { execFile } from 'node:child_process'
import { access, constants, cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

import { CACHE, isThere, unpacked } from './debian-packages.ts'
import { withFileLock } from './file-lock.ts'

const run = promisify(execFile)
const TRIPLET: string = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'

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

/** PostgreSQL: the folder of its programs, and what they need of the environment. */
export interface Postgres {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

/** Redis: its server, and what it needs of the environment. */
export interface Redis {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
}

/** RabbitMQ and the Erlang that it runs on, as folders. */
export interface RabbitMq {
  readonly home: string
  readonly erlang: string
  /** Erlang's own programs. */
  readonly erts: string
}

/** docker-compose, as a program with its first arguments; it needs no engine to read a file. */
export interface DockerCompose {
  readonly program: string
  readonly args: readonly string[]
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

const OTLP_PROTOS = ['trace', 'metrics', 'logs'].flatMap((signal) => [
  `opentelemetry/proto/${signal}/v1/${signal}.proto`,
  `opentelemetry/proto/collector/${signal}/v1/${signal}_service.proto`,
])
const SHARED_PROTOS = ['common', 'resource'].map((name) => `opentelemetry/proto/${name}/v1/${name}.proto`)

/** Fetches Debian's protoc, and has it make Python decoders of the official OTLP definitions in a folder of protos. */
export function findOtlpDecoders(protos: string): Promise<Component<PythonClient>> {
  return find('protobuf-compiler, python3-protobuf', async () => {
    const python = await runnable('/usr/bin', 'python3')
    const compiler = await unpacked('protobuf-compiler')
    // The suffix tells a Debian whose time has 64 bits.
    const libraries = await Promise.all(
      ['libprotoc32', 'libprotobuf32'].map((name) => unpacked(name).catch(() => unpacked(`${name}t64`))),
    )
    const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
    const LD_LIBRARY_PATH = libraries.map((root) => path.join(root, 'usr/lib', triplet)).join(path.delimiter)
    const made = path.join(CACHE, 'otlp-decoders')
    await withFileLock(`${made}.lock`, async () => {
      await cp(path.join(protos, 'opentelemetry'), path.join(made, 'opentelemetry'), { recursive: true })
      await addEventName(path.join(made, 'opentelemetry/proto/logs/v1/logs.proto'))
      const args = [`--proto_path=${made}`, `--python_out=${made}`, ...SHARED_PROTOS, ...OTLP_PROTOS]
      await run(path.join(compiler, 'usr/bin/protoc'), args, { env: { LD_LIBRARY_PATH } })
    })
    const PYTHONPATH = [made, path.join(await unpacked('python3-protobuf'), 'usr/lib/python3/dist-packages')].join(':')
    // The decoder in C belongs to one version of Python.
    const env = { PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1', PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION: 'python' }
    await run(python, ['-c', 'import opentelemetry.proto.collector.trace.v1.trace_service_pb2'], { env })
    return { python, env }
  })
}

/** Adds the one field in use that OTLP 1.5 has and the packaged definitions, which are older, have not. */
async function addEventName(file: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  if (text.includes('event_name')) return
  await writeFile(file, text.replace(/^ *bytes span_id = 10;$/m, '$&\n  string event_name = 12;'))
}

/** Finds the machine's own jq, or fetches Debian's without installing it. */
export function findJq(): Promise<Component<Jq>> {
  return find('jq', async () => {
    const own = await runnable('/usr/bin', 'jq').catch(() => undefined)
    if (own !== undefined) return { folder: path.dirname(own), env: {} }
    const roots = await Promise.all(['jq', 'libjq1', 'libonig5'].map((name) => unpacked(name)))
    const env = { LD_LIBRARY_PATH: roots.map((root) => path.join(root, 'usr/lib', TRIPLET)).join(path.delimiter) }
    const jq = await runnable(path.join(roots[0] ?? '', 'usr/bin'), 'jq')
    await run(jq, ['--version'], { env })
    return { folder: path.dirname(jq), env }
  })
}

const POSTGRES = [
  'postgresql-15',
  'postgresql-client-15',
  'libpq5',
  'libicu72',
  'libxml2',
  'libldap-2.5-0',
  'libsasl2-2',
  'libgssapi-krb5-2',
  'libkrb5-3',
  'libkrb5support0',
  'libk5crypto3',
  'libkeyutils1',
  'libcom-err2',
  'libssl3',
] as const

/** Finds the machine's own PostgreSQL 15, or fetches Debian's without installing it. */
export function findPostgres(): Promise<Component<Postgres>> {
  return find('postgresql-15', async () => {
    const own = '/usr/lib/postgresql/15/bin'
    if (await isThere(path.join(own, 'initdb'))) return { folder: own, env: {} }
    const root = await unpacked('postgresql-15', POSTGRES)
    const env = { LD_LIBRARY_PATH: path.join(root, 'usr/lib', TRIPLET) }
    const folder = path.join(root, own)
    await run(await runnable(folder, 'postgres'), ['--version'], { env })
    return { folder, env }
  })
}

/** Finds the machine's own Redis, or fetches Debian's without installing it. */
export function findRedis(): Promise<Component<Redis>> {
  return find('redis-server', async () => {
    const own = await runnable('/usr/bin', 'redis-server').catch(() => undefined)
    if (own !== undefined) return { program: own, env: {} }
    const root = await unpacked('redis-server', ['redis-server', 'redis-tools', 'liblzf1', 'libjemalloc2'])
    const env = { LD_LIBRARY_PATH: path.join(root, 'usr/lib', TRIPLET) }
    const program = await runnable(path.join(root, 'usr/bin'), 'redis-server')
    await run(program, ['--version'], { env })
    return { program, env }
  })
}

const ERLANG_PARTS = [
  'asn1',
  'base',
  'crypto',
  'eldap',
  'inets',
  'mnesia',
  'os-mon',
  'parsetools',
  'public-key',
  'runtime-tools',
  'ssl',
  'syntax-tools',
  'tools',
  'xmerl',
].map((part) => `erlang-${part}`)

/** Fetches Debian's RabbitMQ, and of Erlang what it needs, without installing them. */
export function findRabbitMq(): Promise<Component<RabbitMq>> {
  return find('rabbitmq-server', async () => {
    const root = await unpacked('rabbitmq-server', ['rabbitmq-server', ...ERLANG_PARTS])
    const servers = path.join(root, 'usr/lib/rabbitmq/lib')
    const erlang = path.join(root, 'usr/lib/erlang')
    const erts = path.join(erlang, await only(erlang, 'erts-'), 'bin')
    await runnable(erts, 'erlexec')
    return { home: path.join(servers, await only(servers, 'rabbitmq_server-')), erlang, erts }
  })
}

/** What docker-compose imports; Debian's is the one in Python, for the machine's own Python. */
const COMPOSE_NEEDS =
  'docker dockerpty docopt dotenv texttable websocket yaml distro six jsonschema attr pyrsistent requests urllib3 idna chardet charset-normalizer certifi distutils lib2to3'
    .split(' ')
    .map((name) => `python3-${name}`)

/** Fetches Debian's docker-compose, without installing it. */
export function findDockerCompose(): Promise<Component<DockerCompose>> {
  return find('docker-compose', async () => {
    const python = await runnable('/usr/bin', 'python3')
    const root = await unpacked('docker-compose', ['docker-compose', ...COMPOSE_NEEDS])
    const lib = path.join(root, 'usr/lib')
    const folders = (await readdir(lib))
      .filter((name) => name.startsWith('python3.'))
      .map((name) => path.join(lib, name))
    const PYTHONPATH = [path.join(lib, 'python3/dist-packages'), ...folders].join(path.delimiter)
    // It is compiled once, into the cache that it stands in.
    const env = { PYTHONPATH }
    const args = [path.join(root, 'usr/bin/docker-compose')]
    await run(python, [...args, 'version'], { env })
    return { program: python, args, env }
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

/** Returns the one entry of a folder whose name begins so: the rest of it is a version. */
async function only(folder: string, prefix: string): Promise<string> {
  const [name] = (await readdir(folder)).filter((entry) => entry.startsWith(prefix))
  if (name === undefined) throw new Error(`${folder} has no ${prefix}*`)
  return name
}

async function runnable(folder: string, name: string): Promise<string> {
  const file = path.join(folder, name)
  await access(file, constants.X_OK)
  return file
}
