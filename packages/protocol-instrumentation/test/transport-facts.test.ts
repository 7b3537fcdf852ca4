import { expect, test } from 'vitest'

import { claimStdio } from '../src/stdio.ts'
import { setMcpDefaults, telemetryFor } from '../src/telemetry.ts'
import { transportFacts } from '../src/transport-facts.ts'
import { wrapMethod } from '../src/wrap-method.ts'

test.each([
  ['https://shop.test/mcp', '443'],
  ['wss://shop.test/mcp', '443'],
  ['http://shop.test/mcp', '80'],
  ['http://shop.test:8080/mcp', '8080'],
])('the server at %s is called at the port %s', (url, port) => {
  expect(transportFacts({ _url: new URL(url) })).toMatchObject({ kind: 'http', address: 'shop.test', port })
})

test.each([
  ['stdio', { _stdin: process.stdin }],
  ['stdio', { _serverParams: {} }],
  ['memory', { _otherTransport: undefined }],
  ['http', { handleRequest() {} }],
  ['other', {}],
])('a transport whose class a bundler has renamed is known by what it is made of: %s', (kind, transport) => {
  expect(transportFacts(transport)).toMatchObject({ kind })
})

test('a method that is replaced looks as it did', () => {
  class Transport {
    send(_message: unknown, _options?: unknown): string {
      return 'sent'
    }
  }
  const transport = new Transport()
  wrapMethod(
    transport,
    'send',
    (send) =>
      (...args) =>
        Reflect.apply(send, transport, args),
  )
  expect([transport.send('x'), transport.send.name, transport.send.length]).toEqual(['sent', 'send', 2])
  expect(Object.keys(transport)).toEqual([])
})

test('other defaults hold for what is observed from then on', () => {
  expect(telemetryFor().tracer).toBeDefined()
  setMcpDefaults({ spans: false })
  expect(telemetryFor().tracer).toBeUndefined()
})

test('a server that speaks on standard output leaves it to who writes there, unless it is told to guard it', () => {
  const before = Object.getOwnPropertyDescriptor(process.stdout, 'write')
  claimStdio(telemetryFor({}))
  expect(Object.getOwnPropertyDescriptor(process.stdout, 'write')).toEqual(before)
})
