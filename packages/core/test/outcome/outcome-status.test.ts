import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { OUTCOME_STATUSES, outcomeStatus } from '../../src/index.ts'

/** What a call throws or rejects with. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  throw new Error('it was expected to fail')
}

const statusOfFailing = async (call: () => unknown): Promise<string> => outcomeStatus({ error: await errorOf(call) })

const named = (name: string, more: object = {}): Error => Object.assign(new Error('x'), { name, ...more })

test('a result is a success, whatever it is', () => {
  for (const result of [undefined, null, 0, false, new Error('returned, not thrown')]) {
    expect(outcomeStatus({ result })).toBe('success')
  }
})

test('what was thrown is an error, also when it is no Error', () => {
  for (const error of [new Error('x'), new TypeError('x'), 'text', undefined, null, 7, Symbol('s'), { code: 20 }]) {
    expect(outcomeStatus({ error })).toBe('error')
  }
})

test('an abort is cancelled, and a timeout where its signal was a time limit', async () => {
  const aborted = AbortSignal.abort()
  expect(await statusOfFailing(() => sleep(1000, undefined, { signal: aborted }))).toBe('cancelled')
  expect(await statusOfFailing(() => aborted.throwIfAborted())).toBe('cancelled')
  const limit = AbortSignal.timeout(1)
  expect(await statusOfFailing(() => sleep(10_000, undefined, { signal: limit }))).toBe('timeout')
  expect(await statusOfFailing(() => limit.throwIfAborted())).toBe('timeout')
})

test('fetch: an abort, a time limit, and a connection that is refused', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  try {
    expect(await statusOfFailing(() => fetch(url, { signal: AbortSignal.timeout(20) }))).toBe('timeout')
    expect(await statusOfFailing(() => fetch(url, { signal: AbortSignal.abort() }))).toBe('cancelled')
  } finally {
    server.close()
    server.closeAllConnections()
  }
  expect(await statusOfFailing(() => fetch(url))).toBe('error')
})

test('subprocesses by promise: a time limit, an abort, too much output, a bad exit, no such program', async () => {
  const run = promisify(execFile)
  const node = process.execPath
  const forever = ['-e', 'setInterval(() => {}, 1000)']
  expect(await statusOfFailing(() => run(node, forever, { timeout: 50 }))).toBe('timeout')
  expect(await statusOfFailing(() => run(node, forever, { signal: AbortSignal.timeout(50) }))).toBe('timeout')
  expect(await statusOfFailing(() => run(node, forever, { signal: AbortSignal.abort() }))).toBe('cancelled')
  const flood = ['-e', 'process.stdout.write("x".repeat(100)); setInterval(() => {}, 1000)']
  expect(await statusOfFailing(() => run(node, flood, { maxBuffer: 10 }))).toBe('error')
  expect(await statusOfFailing(() => run(node, ['-e', 'process.exit(3)']))).toBe('error')
  expect(await statusOfFailing(() => run('/nonexistent/program'))).toBe('error')
  expect(await statusOfFailing(() => execFileSync(node, forever, { timeout: 50 }))).toBe('timeout')
  const child = spawn(node, forever, { signal: AbortSignal.timeout(50) })
  const [error] = await once(child, 'error')
  expect(outcomeStatus({ error })).toBe('timeout')
})

test('the errors of well-known libraries', () => {
  const table = [
    [named('TimeoutError'), 'timeout'],
    [named('ConnectTimeoutError', { code: 'UND_ERR_CONNECT_TIMEOUT' }), 'timeout'],
    [named('Error', { code: 'ETIMEDOUT', errno: -110, syscall: 'connect' }), 'timeout'],
    [named('Error', { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' }), 'timeout'],
    [named('ExecaError', { timedOut: true }), 'timeout'],
    [named('ExecaError', { timedOut: false, isCanceled: true }), 'cancelled'],
    [named('CanceledError', { code: 'ERR_CANCELED' }), 'cancelled'],
    [named('CancelError'), 'cancelled'],
    [named('Error', { code: 'ECONNREFUSED' }), 'error'],
    [named('ExecaError', { timedOut: false, isCanceled: false, exitCode: 1 }), 'error'],
    [named('Error', { cause: named('TimeoutError') }), 'error'],
  ] as const
  for (const [error, status] of table) expect([error, outcomeStatus({ error })]).toEqual([error, status])
})

test('no thrown value makes it throw', () => {
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('not for you')
      },
    },
  )
  expect(outcomeStatus({ error: hostile })).toBe('error')
  fc.assert(fc.property(fc.anything(), (error) => OUTCOME_STATUSES.includes(outcomeStatus({ error }))))
})
