// What every npm script calls first, on any Node from 20 on: installs what the lock says, builds what changed, and
// names the Node that the rest runs on.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const bin = path.join(root, 'node_modules', '.bin')
// Its own place, not .bin: npm 10 leaves the link out.
const ownNode = path.join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin')
const stampFile = path.join(root, 'node_modules', '.mcp-otel-installed')
const MINIMUM = [22, 15]

/** Installs and builds what is missing or out of date; silent when there is nothing to do. */
export function setUp({ build = true } = {}) {
  install()
  if (build) buildAll()
}

function install() {
  const lock = readFileSync(path.join(root, 'package-lock.json'))
  const stamp = createHash('sha256').update(lock).digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  say('installing dependencies (about a minute the first time) …')
  // Not `npm ci`: it refuses a lock without the binaries of every other platform, which not every registry carries.
  mustRun('npm', ['install', '--no-save', '--no-fund', '--no-audit', '--loglevel=error'])
  writeFileSync(stampFile, stamp)
}

function buildAll() {
  const turbo = spawnSync(path.join(bin, 'turbo'), ['run', 'build', '--output-logs=errors-only', '--ui=stream'], {
    cwd: root,
    env: environment({ TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1', DO_NOT_TRACK: '1' }),
    encoding: 'utf8',
  })
  if (turbo.status === 0) return
  process.stderr.write(`${turbo.stdout ?? ''}${turbo.stderr ?? ''}\n`)
  fail(`the build failed${turbo.error ? `: ${turbo.error.message}` : ''}`)
}

/** The Node that the project runs on: its own 24, else the present one where that is new enough. */
export function node() {
  const own = path.join(ownNode, 'node')
  if (existsSync(own)) return own
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return process.execPath
  return fail(
    `Node ${process.versions.node} is too old; expected ${MINIMUM.join('.')} or later (24 is what we test on)`,
  )
}

/** The environment in which the project's own Node and tools come first on the path. */
export function environment(extra = {}) {
  return { ...process.env, PATH: [ownNode, bin, process.env.PATH].join(path.delimiter), ...extra }
}

/**
 * Runs a tool of the project to its end, with our standard streams; resolves to its exit code. What asks us to stop asks
 * the tool, and we end when it has.
 */
export function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: environment(env) })
    const pass = (signal) => child.kill(signal)
    // A terminal sends Ctrl-C to the tool as well: to pass it on would count as the second one.
    const interrupt = (signal) => process.stdin.isTTY || pass(signal)
    const handlers = { SIGTERM: pass, SIGHUP: pass, SIGINT: interrupt }
    for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler)
    child.on('error', (error) => fail(`${command} could not be started: ${error.message}`))
    child.on('exit', (code, signal) => {
      for (const [name, handler] of Object.entries(handlers)) process.off(name, handler)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

function mustRun(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: process.env })
  if (result.error) fail(`${command} could not be started: ${result.error.message}`)
  if (result.status !== 0) fail(`\`${command} ${args.join(' ')}\` ended with ${result.status ?? result.signal}`)
}

export function say(text) {
  process.stderr.write(`mcp-otel: ${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}
