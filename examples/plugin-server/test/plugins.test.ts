import { createHash } from 'node:crypto'
import { readFileSync, statfsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { expect, test } from 'vitest'

import { files, startServer } from './support/start-server.ts'

const read = (name: string): Buffer => readFileSync(path.join(files, name))
const sha256 = (name: string): string => createHash('sha256').update(read(name)).digest('hex')

test('a checksum is the one that node:crypto gives for the same bytes', async () => {
  const server = await startServer()
  const { status, body } = await server.run('checksum', 'file', { file: 'sonnet-18.txt' })
  expect(status).toBe(200)
  expect(body).toMatchObject({ status: 'success', job: expect.any(String) })
  expect(body.result).toEqual({
    file: 'sonnet-18.txt',
    bytes: read('sonnet-18.txt').length,
    sha256: sha256('sonnet-18.txt'),
  })
})

test('checksums of a directory come in the order of the names, up to the limit, and say whether that is all', async () => {
  const server = await startServer()
  const all = await server.run('checksum', 'directory', { recursive: true })
  const names = ['README.txt', 'inventory.csv', 'letters/new.txt', 'letters/old.txt', 'sonnet-116.txt', 'sonnet-18.txt']
  expect(all.body.result).toEqual({
    files: names.map((file) => ({ file, bytes: read(file).length, sha256: sha256(file) })),
    truncated: false,
  })
  const two = await server.run('checksum', 'directory', { recursive: true, limit: 2 })
  expect(two.body.result).toMatchObject({ files: [{ file: 'README.txt' }, { file: 'inventory.csv' }], truncated: true })
  const flat = await server.run('checksum', 'directory')
  expect(flat.body.result).toMatchObject({ files: { length: 4 }, truncated: false })
})

test('a search finds exactly the lines that match', async () => {
  const server = await startServer()
  const { body } = await server.run('search', 'text', { pattern: 'SUMMER', ignoreCase: true })
  const lines = read('sonnet-18.txt').toString().split('\n')
  const expected = lines.flatMap((text, index) =>
    /summer/iu.test(text) ? [{ file: 'sonnet-18.txt', line: index + 1, text }] : [],
  )
  expect(expected).toHaveLength(3)
  expect(body.result).toMatchObject({ matches: expected, truncated: false, searched: 6 })
  const one = await server.run('search', 'text', { pattern: 'summer', limit: 1 })
  expect(one.body.result).toMatchObject({ matches: [expected[0]], truncated: true })
})

test('an expression that would search for ever is stopped by the plugin’s timeout', async () => {
  const server = await startServer()
  const { status, body } = await server.run('search', 'text', { pattern: '^(([a-z ])+.)+[A-Z]([a-z])+$' })
  expect(status).toBe(504)
  expect(body.error).toMatchObject({ code: 'plugin_timeout', message: 'search text was stopped after 5 s' })
})

test('system facts are those of this machine', async () => {
  const server = await startServer()
  const result = async (command: string, args = {}): Promise<unknown> =>
    (await server.run('system', command, args)).body.result
  expect(await result('os')).toMatchObject({ platform: os.platform(), release: os.release(), node: process.version })
  expect(await result('memory')).toMatchObject({ total: os.totalmem() })
  expect(await result('load')).toMatchObject({ processors: os.availableParallelism() })
  const { bsize, blocks } = statfsSync(files)
  expect(await result('disk')).toMatchObject({ total: bsize * blocks })
  const { utilization } = (await result('cpu', { seconds: 0.2 })) as { utilization: number }
  expect(utilization).toBeGreaterThanOrEqual(0)
  expect(utilization).toBeLessThanOrEqual(1)
})

test('words are counted as a reader would, letters beyond ASCII included', async () => {
  const server = await startServer()
  const poem = await server.run('words', 'count', { file: 'sonnet-116.txt', top: 2 })
  const words =
    read('sonnet-116.txt')
      .toString()
      .toLowerCase()
      .match(/[a-z]+(?:['-][a-z]+)*/g) ?? []
  expect(poem.body.result).toMatchObject({ lines: 14, words: words.length })
  const counts = Object.groupBy(words, (word) => word)
  const most = Math.max(...Object.values(counts).map((all) => all?.length ?? 0))
  expect(poem.body.result).toMatchObject({ frequent: [{ count: most }, {}] })
  const letter = await server.run('words', 'count', { file: 'letters/new.txt', top: 0 })
  expect(letter.body.result).toMatchObject({
    words: 14,
    characters: read('letters/new.txt').toString().length,
    frequent: [],
  })
})

test('a plugin that fails answers 500 with what it said', async () => {
  const server = await startServer()
  const { status, body } = await server.run('words', 'count', { file: 'letters/old.txt' })
  expect(status).toBe(500)
  expect(body.error).toMatchObject({ code: 'plugin_failed', message: 'letters/old.txt is not text in UTF-8' })
})

test('GET /help lists every plugin with its commands and their arguments', async () => {
  const server = await startServer()
  const help = (await (await fetch(`${server.url}/help`)).json()) as {
    plugins: { name: string; commands: { name: string; args: object; required: string[] }[] }[]
  }
  const commands = help.plugins.map(({ name, commands: all }) => [name, all.map((command) => command.name)])
  expect(Object.fromEntries(commands)).toEqual({
    checksum: ['file', 'directory'],
    search: ['text'],
    system: ['os', 'memory', 'load', 'disk', 'cpu'],
    words: ['count'],
  })
  expect(help.plugins[0]?.commands[0]).toMatchObject({ args: { file: { type: 'string' } }, required: ['file'] })
})
