import { createServer, get } from 'node:http'
import type { IncomingMessage } from 'node:http'

import { expect, test } from 'vitest'

import { observe } from './support/observation.ts'
import { listen } from './support/servers.ts'

test('a message that is no request of a server keeps the properties that Express gives to requests', async () => {
  const seen = observe()
  const port = await listen(createServer((_req, res) => res.end()))
  const answer = await new Promise<IncomingMessage>((resolve) => get({ port, host: '127.0.0.1' }, resolve))
  answer.resume()
  await seen.ended(1)
  const theirs = Object.assign(answer, { baseUrl: '/there' })
  expect([theirs.baseUrl, Object.keys(theirs).includes('baseUrl')]).toEqual(['/there', true])
  theirs.baseUrl = '/elsewhere'
  expect(theirs.baseUrl).toBe('/elsewhere')
})
