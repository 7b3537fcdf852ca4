import { expect, test } from 'vitest'

import { startServer, until } from './support/start-server.ts'

test('the demonstration sends real requests of every kind, as many as it says, and then stops', async () => {
  const server = await startServer({ demo: true, flags: ['--demo-rate', '15', '--demo-seconds', '2'] })
  const accesses = (): Record<string, unknown>[] => server.log().filter((line) => line['type'] === 'access')
  await until(() => accesses().length === 30, 'the 30 requests')
  const count = (status: number): number => accesses().filter((line) => line['status'] === status).length
  expect({
    ok: count(200),
    malformed: count(400),
    missing: count(404),
    invalid: count(422),
    failed: count(500),
  }).toEqual({
    ok: 25,
    malformed: 1,
    missing: 2,
    invalid: 1,
    failed: 1,
  })
  expect(accesses().some((line) => Number(line['duration_ms']) > 1000)).toBe(true)
  expect(server.stdout()).toContain('It sends itself 15 requests a second for 2 seconds')
})

test('with --no-demo nothing is sent', async () => {
  const server = await startServer()
  const requests = server.log().filter((line) => line['type'] === 'access')
  expect(requests).toEqual([])
  expect(server.stdout()).not.toContain('It sends itself')
})
