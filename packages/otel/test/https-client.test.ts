import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { makeCertificates } from '../../../test/support/certificates.ts'

let server: Server
let url: string

beforeAll(async () => {
  await using certificates = await makeCertificates()
  server = createServer(certificates.server, ({ headers }, response) => response.end(headers['traceparent'] ?? 'none'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

const ASK = `
  const ask = (get) => get(process.env.ASKED, { rejectUnauthorized: false }, (response) => {
    response.setEncoding('utf8').on('data', (text) => console.log('traceparent', text))
  })`
const EARLY = `data:text/javascript,import { get } from 'node:https'; globalThis.early = (...given) => get(...given)`

test.concurrent.each<[how: string, args: string[]]>([
  ['required', ['--require', REGISTER, '-e', `${ASK}; ask(require('https').get)`]],
  ['required, by its full name', ['--import', REGISTER, '-e', `${ASK}; ask(require('node:https').get)`]],
  ['got from the process', ['--require', REGISTER, '-e', `${ASK}; ask(process.getBuiltinModule('https').get)`]],
  ['imported late', ['--require', REGISTER, '-e', `${ASK}; import('node:https').then(({ get }) => ask(get))`]],
  [
    'imported by name',
    ['--import', REGISTER, '--input-type=module', '-e', `import { get } from 'node:https'; ${ASK}; ask(get)`],
  ],
  [
    'imported whole',
    ['--require', REGISTER, '--input-type=module', '-e', `import https from 'https'; ${ASK}; ask(https.get)`],
  ],
  [
    'imported before the start',
    ['--import', EARLY, '--import', REGISTER, '--input-type=module', '-e', `${ASK}; ask(early)`],
  ],
])('a call by node:https carries the trace, if that is %s', async (_how, args) => {
  await using app = new AppProcess(args, { env: { MCP_OTEL_PORT: '0', ASKED: url } })
  const [, traceparent] = await app.sees(/traceparent (\S+)/)
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
})

test('an app that does not use TLS does not load it', async () => {
  const program = `
    const loaded = () => process.moduleLoadList.filter((name) => /^NativeModule (tls|https|crypto)$/.test(name))
    setTimeout(() => console.log(loaded().length, 'loaded'), 500)`
  const args = ['--require', REGISTER, '--input-type=module', '-e', program]
  await using app = new AppProcess(args, { env: { MCP_OTEL_PORT: '0' } })
  expect((await app.sees(/(\d+) loaded/))[1]).toBe('0')
})
