import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { freePort } from '../../../test/support/free-port.ts'

const fixture = (name: string) => path.join(import.meta.dirname, 'fixtures', name)

/** Node's functions are fast for four kinds of objects at most, and an app has some of its own. */
test('sockets of the app and of the endpoint are of one kind to V8', async () => {
  await using app = new AppProcess(['--allow-natives-syntax', '--require', REGISTER, fixture('kinds-of-sockets.cjs')], {
    env: { MCP_OTEL_PORT: `${await freePort()}` },
  })
  await app.exit()
  expect(app.stdout).toBe('2 sockets of one kind: true\n')
})
