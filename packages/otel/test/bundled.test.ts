import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { build } from 'tsdown'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { AppProcess, root } from '../../../test/support/app-process.ts'

const APP = `
import { start } from '@mcp/otel'
console.log(start({ banner: false, endpoint: { port: 0 } }).state)
`

let within: string
let elsewhere: string
beforeAll(async () => {
  within = await mkdtemp(path.join(root, 'packages/otel/dist', 'bundled-'))
  elsewhere = await mkdtemp(path.join(tmpdir(), 'mcp-otel-'))
  const entry = path.join(within, 'app.mjs')
  await writeFile(entry, APP)
  // As esbuild does by itself: CommonJS, in which there is no import.meta.
  const bundle = { entry, format: 'cjs', clean: false, config: false, dts: false, logLevel: 'silent' } as const
  const define = { 'import.meta.url': 'undefined', 'import.meta.dirname': 'undefined' }
  const deps = { alwaysBundle: [/.*/], onlyBundle: false as const }
  for (const outDir of [within, elsewhere]) await build({ ...bundle, cwd: within, outDir, define, deps })
})
afterAll(async () => {
  await rm(within, { recursive: true })
  await rm(elsewhere, { recursive: true })
})

async function runIn(folder: string): Promise<AppProcess> {
  await using app = new AppProcess([path.join(folder, 'app.cjs')])
  expect(await app.exit()).toEqual({ code: 0, signal: null })
  return app
}

test('an app in a bundle without import.meta starts, and is observed where the packages of the SDK are found', async () => {
  expect(await runIn(within)).toMatchObject({ stdout: 'running\n', stderr: '' })
})

test('and runs on where they are not, with a line that says so', async () => {
  const { stdout, stderr } = await runIn(elsewhere)
  expect(stdout).toBe('failed\n')
  expect(stderr).toMatch(
    /^\[mcp-otel\] @mcp\/otel cannot start: Cannot find module '@opentelemetry\/.*; leave it out of a bundle, or install it anew; the app runs on without it\n$/,
  )
})
