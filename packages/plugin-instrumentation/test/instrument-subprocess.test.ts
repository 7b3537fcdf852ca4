import { exec, execFile, fork, spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

import { SpanStatusCode } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { instrumentSubprocess, listPlugins, onExecution } from '../src/index.ts'
import type { PluginExecution, SubprocessOptions } from '../src/index.ts'
import { createOwnTelemetry } from './support/telemetry.ts'
import type { OwnTelemetry } from './support/telemetry.ts'

let telemetry: OwnTelemetry
let published: PluginExecution[]
let unsubscribe: () => void
const children: ChildProcess[] = []
beforeEach(() => {
  telemetry = createOwnTelemetry()
  published = []
  unsubscribe = onExecution((execution) => published.push(execution))
})
afterEach(() => {
  unsubscribe()
  for (const child of children.splice(0))
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
})

/** Measures a child, and stops it when the test fails. */
function measure<C extends ChildProcess>(child: C, options: Partial<SubprocessOptions> = {}): C {
  children.push(child)
  return instrumentSubprocess(child, { plugin: 'files', command: 'sum', ...telemetry, ...options })
}

/** Waits until a child is gone, whether its end was an event or an error. */
async function gone(child: ChildProcess): Promise<void> {
  await new Promise((resolve) => {
    child.on('error', () => {})
    child.once('close', resolve)
  })
}

const node = (script: string, options: SpawnOptions = {}): ChildProcess =>
  spawn(process.execPath, ['-e', script], options)
/** Ends well when it is asked to. */
const polite = (options: SpawnOptions = {}): ChildProcess =>
  spawn('sh', ['-c', 'trap "exit 0" TERM USR2; echo ready; while :; do sleep 0.02; done'], options)
const isReady = (child: ChildProcess): Promise<unknown> => once(child.stdout ?? child, 'data')
const FOREVER = 'setInterval(() => {}, 1000)'
/** A program that starts what is not there, and does not listen for errors. */
const careless = (wrap: string): string => `
  import { spawn } from 'node:child_process'
  import { instrumentSubprocess } from '@mcp/otel-plugin-instrumentation'
  const measured = (child) => ${wrap}
  measured(spawn('/nonexistent/program'))`

const codeOf = async (wrap: string): Promise<unknown> => {
  const child = spawn(
    process.execPath,
    ['--conditions=@mcp/source', '--no-warnings', '--input-type=module', '-e', careless(wrap)],
    { cwd: import.meta.dirname, stdio: 'ignore' },
  )
  children.push(child)
  return (await once(child, 'exit'))[0]
}

const ended = (): Record<string, number> =>
  Object.fromEntries(
    Object.entries(telemetry.points('mcp.plugin.executions')).map(([labels, count]) => [
      labels.replace('plugin=files,command=sum,status=', ''),
      count,
    ]),
  )

test('exit code 0 is a success, and the child is the one given', async () => {
  const original = node('process.exit(0)')
  const child = measure(original)
  expect(child).toBe(original)
  expect(listPlugins(telemetry)).toMatchObject([{ active: 1 }])
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(ended()).toEqual({ success: 1 })
  expect(listPlugins(telemetry)).toMatchObject([{ active: 0 }])
  expect(telemetry.spans()[0]?.attributes).toMatchObject({ 'process.pid': child.pid, 'process.exit.code': 0 })
  expect(Object.hasOwn(child, 'kill')).toBe(false)
})

test('any other exit code is an error, with the code on its span', async () => {
  const child = measure(node('process.exit(3)'))
  await once(child, 'exit')
  expect(ended()).toEqual({ error: 1 })
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=plugin,type=ExitCodeError': 1 })
  expect(telemetry.spans()[0]?.attributes).toMatchObject({ 'process.exit.code': 3, 'error.type': 'ExitCodeError' })
  expect(telemetry.spans()[0]?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'exited with code 3' })
  expect(published).toMatchObject([{ status: 'error', errorType: 'ExitCodeError' }])
})

test('a crash, or a signal from elsewhere, is an error', async () => {
  const child = measure(node('process.kill(process.pid, "SIGKILL")'))
  await once(child, 'exit')
  expect(ended()).toEqual({ error: 1 })
  expect(telemetry.spans()[0]?.attributes).toMatchObject({ 'mcp.execution.signal': 'SIGKILL' })
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=plugin,type=SignalError': 1 })
})

test('a program that is not there is an error, for the caller the same one', async () => {
  const child = measure(spawn('/nonexistent/program'))
  const [error] = await once(child, 'error')
  expect(error).toMatchObject({ code: 'ENOENT' })
  expect(ended()).toEqual({ error: 1 })
  expect(published[0]?.error).toBe(error)
  expect(listPlugins(telemetry)).toMatchObject([{ active: 0 }])
})

describe('a time limit is a timeout', () => {
  test('of spawn', async () => {
    const child = measure(node(FOREVER, { timeout: 50 }), { timeout: 50 })
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM'])
    expect(ended()).toEqual({ timeout: 1 })
    expect(telemetry.points('mcp.errors')).toEqual({ 'source=plugin,type=TimeoutError': 1 })
  })

  test('of spawn, answered with exit code 0', async () => {
    const child = measure(polite({ timeout: 500 }), { timeout: 500 })
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(ended()).toEqual({ timeout: 1 })
  })

  test('of execFile and exec', async () => {
    const options = { timeout: 50, killSignal: 'SIGKILL' } as const
    const file = measure(execFile(process.execPath, ['-e', FOREVER], options), options)
    await gone(file)
    const shell = measure(exec('sleep 30', options), options)
    await gone(shell)
    expect(ended()).toEqual({ timeout: 2 })
  })

  test('of a signal', async () => {
    const signal = AbortSignal.timeout(50)
    await gone(measure(node(FOREVER, { signal })))
    expect(ended()).toEqual({ timeout: 1 })
  })

  test('of a signal that the application kills by', async () => {
    const signal = AbortSignal.timeout(50)
    const child = measure(node(FOREVER), { signal })
    signal.addEventListener('abort', () => process.kill(child.pid ?? 0, 'SIGKILL'))
    await gone(child)
    expect(ended()).toEqual({ timeout: 1 })
  })
})

describe('a stop by its caller is cancelled', () => {
  test('by a signal', async () => {
    const controller = new AbortController()
    const child = measure(node(FOREVER, { signal: controller.signal }))
    await once(child, 'spawn')
    const end = gone(child)
    controller.abort()
    await end
    expect(ended()).toEqual({ cancelled: 1 })
    expect(telemetry.points('mcp.errors')).toEqual({})
    expect(telemetry.spans()[0]?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('by kill, before its time limit, however long it takes to go', async () => {
    const slow = `process.on('SIGTERM', () => setTimeout(() => process.exit(1), 400)); console.log('ready'); ${FOREVER}`
    const child = measure(node(slow), { timeout: 60_000 })
    await isReady(child)
    expect(child.kill()).toBe(true)
    expect(await once(child, 'exit')).toEqual([1, null])
    expect(ended()).toEqual({ cancelled: 1 })
  })

  test('by kill, answered with exit code 0', async () => {
    const child = measure(polite())
    await isReady(child)
    child.kill(15)
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(ended()).toEqual({ cancelled: 1 })
  })
})

test('a signal that asks for something else is no stop', async () => {
  const child = measure(polite())
  await isReady(child)
  expect(child.kill(0)).toBe(true)
  child.kill('SIGUSR2')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(ended()).toEqual({ success: 1 })
})

test('one that has ended already has the end that it had', async () => {
  const child = node('process.exit(3)')
  await once(child, 'exit')
  measure(child)
  expect(ended()).toEqual({ error: 1 })
})

test('a fork is measured like any other', async () => {
  const child = measure(fork(path.join(import.meta.dirname, 'support', 'greeting-child.cjs'), { execArgv: [] }))
  expect((await once(child, 'message'))[0]).toBe('hello')
  child.disconnect()
  await once(child, 'exit')
  expect(ended()).toEqual({ success: 1 })
})

test('without an error listener, a program that is not there ends the process as without us', async () => {
  expect(await codeOf('child')).toBe(1)
  expect(await codeOf("instrumentSubprocess(child, { plugin: 'p', command: 'c' })")).toBe(1)
})
