import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { expect, test } from 'vitest'

import { nearestPackage } from '../src/identity/nearest-package.ts'

const NOBODY = { name: undefined, version: undefined }

async function inFolder(
  test_: (folder: string, write: (file: string, content: string) => string) => void,
): Promise<void> {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'mcp-otel-'))
  test_(folder.path, (file, content) => {
    const full = path.join(folder.path, file)
    mkdirSync(path.dirname(full), { recursive: true })
    writeFileSync(full, content)
    return full
  })
}

test('the package nearest to the entry counts, and one without a name is passed over', async () => {
  await inFolder((_folder, write) => {
    write('package.json', '{"name":"the-app","version":"1.2.3"}')
    write('dist/package.json', '{"type":"commonjs"}')
    expect(nearestPackage(write('dist/server.js', ''))).toMatchObject({ name: 'the-app', version: '1.2.3' })
  })
})

test('a command is a link into its package', async () => {
  await inFolder((folder, write) => {
    write('package.json', '{"name":"the-folder"}')
    const real = write('node_modules/tool/bin/tool.js', '')
    write('node_modules/tool/package.json', '{"name":"tool","version":"9.0.0"}')
    mkdirSync(path.join(folder, 'node_modules/.bin'))
    symlinkSync(real, path.join(folder, 'node_modules/.bin/tool'))
    expect(nearestPackage(path.join(folder, 'node_modules/.bin/tool'))).toMatchObject({
      name: 'tool',
      version: '9.0.0',
    })
  })
})

test.each(['{"name":', '[]', 'null', '{"name":7}'])('a package.json of %s is passed over', async (content) => {
  await inFolder((_folder, write) => {
    write('package.json', '{"name":"outer"}')
    write('inner/package.json', content)
    expect(nearestPackage(write('inner/app.js', ''))).toMatchObject({ name: 'outer', version: undefined })
  })
})

test('a file that does not exist has the package of where it would be, or none', async () => {
  expect(nearestPackage('/nowhere/at/all.js')).toEqual(NOBODY)
  await inFolder((folder, write) => {
    write('package.json', '{"name":"outer"}')
    expect(nearestPackage(path.join(folder, 'missing.js')).name).toBe('outer')
  })
})
