import { execFileSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { Component } from '../../../test/support/components.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { ended, range, readFolder, startFixture, temporaryFolder } from './support/writer.ts'
import type { Ended } from './support/writer.ts'

const LINE_PADDING = 'x'.repeat(400)

/** An application that logs when told to, in its own process. */
class Application {
  readonly #child: ChildProcess
  readonly #end: Promise<Ended>

  constructor(options: object, spawnOptions: { uid?: number } = {}) {
    this.#child = startFixture('told.mjs', options, spawnOptions)
    this.#end = ended(this.#child)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Logs lines, and resolves when the calls have returned; tells how much memory the process holds. */
  async log(first: number, count: number): Promise<number> {
    this.#child.send({ first, count, padding: LINE_PADDING })
    const [{ memory }] = (await once(this.#child, 'message')) as [{ memory: number }]
    return memory
  }

  flush(): Promise<number> {
    return this.log(0, 0)
  }

  /** Lets the process end by itself. */
  async finish(): Promise<Ended> {
    this.#child.send({ first: 0, count: 0, end: true })
    return this.#end
  }
}

function mounts(): Component<(size: string) => string> {
  const isRoot = process.getuid?.() === 0
  return isRoot ? { name: 'a small disk', found: mount } : { name: 'a small disk', reason: 'only root may mount one' }
}

function mount(size: string): string {
  const folder = temporaryFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'pipe' })
  onTestFinished(() => void execFileSync('umount', [folder], { stdio: 'pipe' }))
  return folder
}

function programs(): Component<(pid: number, limit: string) => void> {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'pipe' })
    return {
      name: 'prlimit',
      found: (pid, limit) => void execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${limit}:`], { stdio: 'pipe' }),
    }
  } catch (error) {
    return { name: 'prlimit', reason: (error as Error).message }
  }
}

testWith(
  mounts(),
  'on a full disk lines wait; once there is room all are there, whole and in order',
  async (mountDisk) => {
    const folder = mountDisk('256k')
    const filler = join(folder, 'filler')
    writeFileSync(filler, Buffer.alloc(128 * 1024))
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    const app = new Application({ file: join(logs, 'mcp.log') })
    await app.log(0, 400)
    const partly = readFolder(logs).numbers
    expect(partly.length).toBeLessThan(400)
    expect(partly).toEqual(range(0, partly.length))
    rmSync(filler)
    await app.flush()
    expect(readFolder(logs).numbers).toEqual(range(0, 400))
    const { code, stderr } = await app.finish()
    expect(code).toBe(0)
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(
        /^\[mcp-otel\] log file cannot be written: ENOSPC: no space left on device, write; lines are/,
      ),
      expect.stringMatching(/^\[mcp-otel\] log file is written again: .*mcp\.log; 0 lines were dropped meanwhile$/),
      '',
    ])
  },
)

testWith(
  programs(),
  'a line that the system cuts short is taken back, and written whole when it can be',
  async (limit) => {
    const folder = temporaryFolder()
    const app = new Application({ file: join(folder, 'mcp.log') })
    await app.log(0, 1)
    limit(app.pid, '10000')
    await app.log(1, 99)
    const partly = readFolder(folder)
    expect(partly.numbers).toEqual(range(0, partly.numbers.length))
    expect(partly.numbers.length).toBeLessThan(30)
    limit(app.pid, 'unlimited')
    await app.flush()
    await app.log(100, 1)
    expect(readFolder(folder).numbers).toEqual(range(0, 101))
    const { code, stderr } = await app.finish()
    expect(code).toBe(0)
    expect(stderr.match(/cannot be written: EFBIG/g)).toHaveLength(1)
  },
)

test('a disk that never has room costs bounded memory, one message, and not the exit code', async () => {
  const app = new Application({ file: '/dev/full' })
  const before = await app.log(0, 1)
  const after = await app.log(1, 100_000)
  expect(after - before).toBeLessThan(120 * 1024 * 1024)
  const { code, stderr } = await app.finish()
  expect(code).toBe(0)
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/^\[mcp-otel\] log file cannot be written: ENOSPC/),
    expect.stringMatching(/^\[mcp-otel\] \d+ lines for \/dev\/full are lost/),
    '',
  ])
})

testWith(
  existsSync('/proc/self') ? { name: '/proc', found: '/proc' } : { name: '/proc', reason: 'this system has none' },
  'a folder that can never be made costs one message, and the app runs on',
  async (folder) => {
    const app = new Application({ file: join(folder, 'nowhere', 'mcp.log') })
    await app.log(0, 10)
    const { code, stderr } = await app.finish()
    expect(code).toBe(0)
    expect(stderr.match(/cannot be written: ENOENT/g)).toHaveLength(1)
  },
)

test('a folder that may not be written is said once, the app runs on, and logging resumes when it may', async () => {
  const root = temporaryFolder()
  chmodSync(root, 0o755)
  const folder = join(root, 'logs')
  mkdirSync(folder)
  chmodSync(folder, 0o555)
  // Permission bits do not bind root.
  const isRoot = process.getuid?.() === 0
  const app = new Application({ file: join(folder, 'mcp.log') }, isRoot ? { uid: 65_534 } : {})
  await app.log(0, 50)
  await app.log(50, 50)
  expect(existsSync(join(folder, 'mcp.log'))).toBe(false)
  chmodSync(folder, 0o777)
  await app.flush()
  await app.log(100, 1)
  expect(readFolder(folder).numbers).toEqual(range(0, 101))
  const { code, stderr } = await app.finish()
  expect(code).toBe(0)
  expect(stderr.match(/cannot be written: EACCES/g)).toHaveLength(1)
})

test('a folder that becomes unwritable stops rotation, not logging', async () => {
  const root = temporaryFolder()
  chmodSync(root, 0o755)
  const folder = join(root, 'logs')
  mkdirSync(folder)
  chmodSync(folder, 0o777)
  const isRoot = process.getuid?.() === 0
  const app = new Application({ file: join(folder, 'mcp.log'), maxBytes: 20_000 }, isRoot ? { uid: 65_534 } : {})
  await app.log(0, 1)
  chmodSync(folder, 0o555)
  await app.log(1, 99)
  expect(readFolder(folder)).toMatchObject({ files: ['mcp.log'], numbers: range(0, 100) })
  const { code, stderr } = await app.finish()
  expect(code).toBe(0)
  expect(stderr.match(/\[mcp-otel\] log file cannot be rotated/g)).toHaveLength(1)
})
