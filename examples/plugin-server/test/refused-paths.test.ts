import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { createArgumentCompiler } from '../src/argument-validator.ts'
import { RequestError } from '../src/request-error.ts'
import { emptyDirectory, startServer } from './support/start-server.ts'

/** A root with files in it, a secret beside it, and links to the secret. */
function rootWithSecret(): { readonly root: string; readonly outside: string } {
  const base = emptyDirectory()
  const root = path.join(base, 'root')
  const outside = path.join(base, 'root-of-others')
  mkdirSync(path.join(root, 'inner'), { recursive: true })
  mkdirSync(outside)
  writeFileSync(path.join(outside, 'secret'), 'the secret')
  writeFileSync(path.join(root, 'plain'), 'nothing to hide')
  writeFileSync(path.join(root, '..also-plain'), 'dots are just a name')
  symlinkSync(path.join(outside, 'secret'), path.join(root, 'link'))
  symlinkSync(outside, path.join(root, 'inner', 'way-out'))
  symlinkSync('plain', path.join(root, 'link-within'))
  return { root, outside }
}

test('what leads out of the root is refused with 403 and never read, links included', async () => {
  const { root, outside } = rootWithSecret()
  const server = await startServer({ flags: ['--root', root] })
  const ways = [
    '../root-of-others/secret',
    'inner/../../root-of-others/secret',
    path.join(outside, 'secret'),
    'link',
    'inner/way-out/secret',
    '/etc/passwd',
    '../no-such-file',
  ]
  for (const file of ways) {
    const { status, body } = await server.run('checksum', 'file', { file })
    expect.soft([file, status, body.error?.code]).toEqual([file, 403, 'path_refused'])
  }
  const directory = await server.run('search', 'text', { pattern: 'secret', directory: 'inner/way-out' })
  expect(directory.status).toBe(403)
})

test('a walk through the root does not follow links out of it', async () => {
  const { root } = rootWithSecret()
  const server = await startServer({ flags: ['--root', root] })
  const found = await server.run('search', 'text', { pattern: 'secret' })
  expect(found.body.result).toMatchObject({ matches: [], searched: 2 })
  const sums = await server.run('checksum', 'directory', { recursive: true })
  expect(sums.body.result).toMatchObject({ files: [{ file: '..also-plain' }, { file: 'plain' }] })
})

test('names that begin with dots and links within the root are fine', async () => {
  const { root } = rootWithSecret()
  const server = await startServer({ flags: ['--root', root] })
  for (const file of ['..also-plain', 'link-within', './inner/../plain', path.join(root, 'plain')]) {
    expect((await server.run('checksum', 'file', { file })).status).toBe(200)
  }
})

test('no path whatever is accepted that is not really within the root', () => {
  const { root, outside } = rootWithSecret()
  const validate = createArgumentCompiler(root)({
    type: 'object',
    properties: { file: { type: 'string', path: 'file' } },
  })
  const parts = fc.constantFrom(
    '..',
    '.',
    '',
    'inner',
    'way-out',
    'secret',
    'plain',
    'link',
    'link-within',
    'root',
    outside,
  )
  const anyPath = fc.oneof(
    fc.array(parts, { maxLength: 8 }).map((all) => all.join('/')),
    fc.string(),
  )
  let accepted = 0
  fc.assert(
    fc.property(anyPath, (file) => {
      const refusal = refusalOf(() => validate({ file }))
      if (refusal instanceof RequestError) return
      expect(refusal).toBe(undefined)
      accepted += 1
      expect(realpathSync(path.resolve(root, file)).startsWith(root + path.sep)).toBe(true)
    }),
    { numRuns: 3000, examples: [['plain'], ['pl\0ain'], ['link-within']] },
  )
  expect(accepted).toBeGreaterThan(2)
})

function refusalOf(call: () => void): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}
