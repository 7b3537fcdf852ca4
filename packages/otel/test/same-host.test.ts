import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'

/** A server that is asked once, and then `after` is run. */
const served = (after: string) => `
  const http = require('node:http')
  const server = http.createServer((request, response) => response.end('answer'))
  server.listen(0, '127.0.0.1', () => http.get({ port: server.address().port }, (response) => {
    response.on('data', (text) => console.log(String(text))).on('end', () => {
      server.close()
      server.closeAllConnections()
      ${after}
    })
  }))`

const TIMERS = `['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']`

const APPS: Readonly<Record<string, string>> = {
  'throws an error while it is loaded': `throw new TypeError('no')`,
  'throws a text while it is loaded': `throw 'no'`,
  'requires what is not there': `require('./nowhere.cjs')`,
  'has a mistake of syntax': `let a = ;`,
  'looks at who takes timers while requests come': `
    const taken = []
    for (const name of ${TIMERS}) {
      const { [name]: take } = globalThis
      globalThis[name] = (...given) => { taken.push(name); return take(...given) }
    }
    ${served(`console.log('taken', taken)`)}`,
  'has no timers, no clock and nothing of browsers for others': `
    const timers = [...${TIMERS}, 'clearTimeout', 'clearInterval', 'clearImmediate', 'performance']
    const others = ['AbortController', 'TextDecoder', 'TextEncoder', 'URL']
    for (const name of [...timers, ...others]) globalThis[name] = () => { throw new Error(name) }
    ${served('')}`,
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mcp-otel-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function outcomeOf(args: readonly string[]): Promise<unknown> {
  await using app = new AppProcess(args, { env: { MCP_OTEL_BANNER: 'off', MCP_OTEL_PORT: '0' } })
  const end = await app.exit()
  return { ...end, stdout: app.stdout, stderr: app.stderr }
}

describe.concurrent('under register, with the same output, errors and exit code as without, an app', () => {
  test.each(Object.entries(APPS))('%s', async (name, script) => {
    const file = path.join(folder, `${name.replaceAll(' ', '-')}.cjs`)
    await writeFile(file, script)
    const [bare, observed] = await Promise.all([outcomeOf([file]), outcomeOf(['--require', REGISTER, file])])
    expect(observed).toEqual(bare)
  })
})
