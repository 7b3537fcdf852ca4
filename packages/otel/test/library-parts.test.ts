import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'

const PARTS = `Object.keys(require.cache).flatMap((file) => /start-(mcp|queues)\\.cjs$/.exec(file)?.[1] ?? []).join()`
const ENV = { MCP_OTEL_PORT: '0', MCP_OTEL_BANNER: 'off' }
/** Adds one and two by a queue of fastq, which is not unlike what an app does. */
const ADD = `
  const queue = require('fastq').promise(async ([a, b]) => a + b, 1)
  queue.push([1, 2]).then((sum) => console.log('sum', sum, 'parts', ${PARTS}))`

/** The names of functions that speak of what only queues have. */
const namesOf = (code = ''): string[] => code.match(/(?<=\bfunction )\w*(?:Channel|Job|Deliver)\w*/g) ?? []

/** A folder with our files as they are built, except for those that a deployment has taken away since. */
async function installWithout(gone: string): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-otel-parts-'))
  const own = path.join(folder, 'node_modules/@mcp/otel')
  await mkdir(own, { recursive: true })
  for (const part of ['dist', 'package.json'])
    await cp(path.join(import.meta.dirname, '..', part), path.join(own, part), { recursive: true })
  await rm(path.join(own, 'dist', gone))
  for (const name of ['@opentelemetry', 'fastq', 'reusify']) {
    const require = createRequire(import.meta.url)
    const [installed = ''] = require.resolve(name === '@opentelemetry' ? `${name}/api` : name).split(name)
    await symlink(path.join(installed, name), path.join(folder, 'node_modules', name))
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

test('an app without any of the libraries loads no part for them', async () => {
  const app = `setTimeout(() => console.log('parts', ${PARTS} || 'none'), 100)`
  await using process = new AppProcess(['--require', REGISTER, '-e', app], { env: ENV })
  expect((await process.sees(/parts (\S+)/))[1]).toBe('none')
})

test('what instruments the libraries is in the parts alone, down to the first function', async () => {
  const [main, queues] = await Promise.all(
    ['start-directly.cjs', 'start-queues.cjs'].map((file) =>
      readFile(path.join(import.meta.dirname, '../dist', file), 'utf8'),
    ),
  )
  expect(namesOf(queues)).toEqual(expect.arrayContaining(['patchChannel', 'createDeliveries', 'createQueueJobs']))
  expect(namesOf(main).filter((name) => namesOf(queues).includes(name))).toEqual([])
})

test('a part is loaded with the first library that it is for', async () => {
  await using process = new AppProcess(['--require', REGISTER, '-e', ADD], { env: ENV, cwd: import.meta.dirname })
  expect((await process.sees(/sum (\d) parts (\S+)/)).slice(1)).toEqual(['3', 'queues'])
})

test('where the file of a part is gone, its library works on unobserved, and that is said', async () => {
  await using installed = await installWithout('start-queues.cjs')
  await using process = new AppProcess(['--require', REGISTER, '-e', ADD], { env: ENV, cwd: installed.folder })
  expect((await process.sees(/sum (\d) parts (\S*)/)).slice(1)).toEqual(['3', ''])
  expect(process.stderr).toMatch(/queues of fastq cannot be observed: Cannot find module .*; they work on unobserved/)
})
