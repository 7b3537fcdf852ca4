import { createHash } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'

import { AuditTrail } from '../src/audit-trail.ts'
import type { AuditTrailOptions } from '../src/audit-trail.ts'
import { runAuditCommand, verifyAudit } from '../src/index.ts'
import type { AuditSeal } from '../src/index.ts'
import { createFamily } from './support/log-family.ts'
import { ended, startFixture, temporaryFolder } from './support/writer.ts'

interface Trail {
  readonly path: string
  readonly open: (options?: Partial<AuditTrailOptions>) => AuditTrail
  readonly said: string[]
}

function trail(): Trail {
  const path = join(temporaryFolder(), 'mcp-audit.log')
  const said: string[] = []
  return {
    path,
    said,
    open: (options = {}) => {
      const opened = new AuditTrail({ path, onReport: (text) => said.push(text), ...options })
      onTestFinished(() => opened.close())
      return opened
    },
  }
}

function fill(into: AuditTrail, count: number, first = 1): AuditSeal[] {
  const seals = Array.from({ length: count }, (_, index) => into.append(`{"type":"audit","action":"a${first + index}"`))
  return seals.filter((sealed) => sealed !== undefined)
}

/** Runs the command, and tells its exit code and all it printed. */
async function command(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  return commandIn({}, ...argv)
}

async function commandIn(
  env: Record<string, string>,
  ...argv: string[]
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const io = {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    env,
  }
  return { code: await runAuditCommand(argv, io), out, err }
}

const GUIDE_FIELDS = ['type', 'action', 'user', 'details']

test('a logger that is silenced keeps its trail, and writes no line of it', () => {
  const { logger, folder, lines } = createFamily()
  logger.silent = true
  expect(logger.audit('login', 'bob')).toMatchObject({ seq: 1 })
  expect(lines()).toEqual([])
  expect(readFileSync(join(folder, 'mcp-audit.log'), 'utf8')).toContain('"user":"bob"')
})

test("an audit line is in the log with the guide's fields, and sealed in a file of its own, whatever the level", async () => {
  const { logger, folder, lines } = createFamily({ level: 'ERROR' })
  const sealed = logger.audit('plugin.install', 'alice', { name: 'sum', token: 'abc' })
  logger.level = 'INFO'
  logger.audit('login', 'bob')
  expect(lines().map((line) => Object.keys(line).slice(4))).toEqual([GUIDE_FIELDS])
  const path = join(folder, 'mcp-audit.log')
  const [entry] = readFileSync(path, 'utf8').split('\n')
  expect(JSON.parse(entry ?? '')).toMatchObject({
    levelname: 'INFO',
    type: 'audit',
    action: 'plugin.install',
    user: 'alice',
    details: { name: 'sum', token: '[REDACTED]' },
    seq: 1,
    prev: 'none',
    hash: sealed?.hash,
  })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await verifyAudit(path)).toMatchObject({ ok: true, entries: 2, first: sealed })
})

test('the hash is SHA-256 over the bytes of the line before it, so that anybody can check it', () => {
  const { path, open } = trail()
  const [sealed] = fill(open(), 1)
  const line = readFileSync(path, 'utf8').trimEnd()
  const body = line.slice(0, line.indexOf(',"hash":"'))
  expect(sealed?.hash).toBe(`sha256:${createHash('sha256').update(body).digest('hex')}`)
})

test('no audit file is made before the first audit line, and none with audit: false', () => {
  const silent = createFamily({ audit: false })
  silent.logger.audit('login', 'bob')
  expect(readdirSync(silent.folder)).toEqual(['mcp.log'])
  const unused = createFamily()
  unused.logger.info('x')
  expect(readdirSync(unused.folder)).toEqual(['mcp.log'])
})

test('the chain goes on over rotations and restarts, and no rotated file is removed', async () => {
  const { path, open } = trail()
  for (let round = 0; round < 4; round++) {
    const opened = open({ maxBytes: 2000 })
    fill(opened, 25, round * 25 + 1)
    opened.close()
  }
  const verdict = await verifyAudit(path)
  expect(verdict).toMatchObject({ ok: true, entries: 100, first: { seq: 1 }, last: { seq: 100 }, problems: [] })
  expect(verdict.files.length).toBeGreaterThan(8)
})

test('the chain goes on after whatever entry is the last, the first of all or a very long one', async () => {
  const { path, open } = trail()
  for (const action of ['first', 'x'.repeat(400_000), 'after a long one']) {
    const opened = open()
    opened.append(`{"type":"audit","action":"${action}"`)
    opened.close()
  }
  expect(await verifyAudit(path)).toMatchObject({ ok: true, entries: 3, last: { seq: 3 } })
})

test('the chain goes on in a new file when the last one was moved away as rotation does', async () => {
  const { path, open } = trail()
  const opened = open()
  fill(opened, 3)
  opened.close()
  renameSync(path, `${path}.1`)
  fill(open(), 2, 4)
  expect(await verifyAudit(path)).toMatchObject({ ok: true, entries: 5, last: { seq: 5 } })
})

test('processes that share a trail make one chain', async () => {
  const { path } = trail()
  const ends = await Promise.all([0, 1, 2].map(() => ended(startFixture('auditor.mjs', { audit: path, count: 150 }))))
  expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual(ends.map(() => ({ code: 0, stderr: '' })))
  expect(await verifyAudit(path)).toMatchObject({ ok: true, entries: 450, last: { seq: 450 } })
})

test('with a key only who has it can make a chain that holds', async () => {
  const { path, open } = trail()
  fill(open({ key: 'k1' }), 5)
  expect(await verifyAudit(path, { key: 'k1' })).toMatchObject({ ok: true, entries: 5 })
  expect((await verifyAudit(path, { key: 'k2' })).problems.map(({ kind }) => kind)).toContain('changed')
  expect((await verifyAudit(path)).problems.map(({ kind }) => kind)).toEqual(['key'])
  // Who has no key can seal with plain SHA-256 only.
  rmSync(path)
  fill(open(), 5)
  expect((await verifyAudit(path, { key: 'k1' })).ok).toBe(false)
})

/** Every way to tamper with lines short of cutting the end. */
const tamperings = {
  changed: (rows: string[], at: number) => rows.with(at, (rows[at] ?? '').replace('"action":"a', '"action":"b')),
  removed: (rows: string[], at: number) => rows.toSpliced(at, 1),
  doubled: (rows: string[], at: number) => rows.toSpliced(at, 0, rows[at] ?? ''),
  copied: (rows: string[], at: number) => [rows[at] ?? '', ...rows],
  forged: (rows: string[], at: number) => rows.toSpliced(at, 0, '{"type":"audit","action":"never"}'),
  swapped: (rows: string[], at: number) => rows.with(at, rows[at + 1] ?? '').with(at + 1, rows[at] ?? ''),
  emptied: (rows: string[], at: number) => rows.toSpliced(at, 0, ''),
  returned: (rows: string[], at: number) => rows.with(at, `${rows[at]}\r`),
} as const

const expectedKind = {
  changed: 'changed',
  removed: 'removed',
  doubled: 'inserted',
  copied: 'inserted',
  forged: 'inserted',
  swapped: 'reordered',
  emptied: 'inserted',
  returned: 'inserted',
} as const

test('an entry that is changed, removed, inserted or reordered is found and named, wherever it is', async () => {
  const names = Object.keys(tamperings) as (keyof typeof tamperings)[]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.integer({ min: 0, max: 17 }),
      fc.boolean(),
      async (name, at, isKeyed) => {
        const { path, open } = trail()
        const key = isKeyed ? 'secret' : undefined
        fill(open({ key }), 20)
        const rows = readFileSync(path, 'utf8').trimEnd().split('\n')
        writeFileSync(path, `${tamperings[name](rows, at).join('\n')}\n`)
        const { ok, problems } = await verifyAudit(path, { key })
        expect(ok).toBe(false)
        expect(problems.map(({ kind }) => kind)).toContain(expectedKind[name])
      },
    ),
    { numRuns: 60 },
  )
})

test('changing any one byte of the file is found', async () => {
  const { path, open } = trail()
  fill(open(), 6)
  const original = readFileSync(path)
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: original.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const bytes = Buffer.from(original)
      bytes[at] = (bytes[at] ?? 0) ^ by
      writeFileSync(path, bytes)
      expect((await verifyAudit(path)).ok).toBe(false)
    }),
    { numRuns: 200 },
  )
})

test('an entry sealed anew after a change is found by the next one', async () => {
  const { path, open } = trail()
  fill(open(), 3)
  const rows = readFileSync(path, 'utf8').trimEnd().split('\n')
  const forged = trail()
  const opened = forged.open()
  fill(opened, 1)
  opened.append('{"type":"audit","action":"forged"')
  const [, second = ''] = readFileSync(forged.path, 'utf8').split('\n')
  writeFileSync(path, `${rows.with(1, second).join('\n')}\n`)
  const { problems } = await verifyAudit(path)
  expect(problems).toMatchObject([{ kind: 'changed', line: 3 }])
})

test('a cut tail is found with an anchor only, and that is what verification says', async () => {
  const { path, open } = trail()
  const anchor = fill(open(), 10).at(-1)
  const rows = readFileSync(path, 'utf8').trimEnd().split('\n')
  writeFileSync(path, `${rows.slice(0, 7).join('\n')}\n`)
  const without = await verifyAudit(path)
  expect(without.ok).toBe(true)
  expect(without.limits[0]).toMatch(/^entries cut off at the end/)
  expect((await verifyAudit(path, { anchor })).problems).toMatchObject([{ kind: 'cut' }])
  // An anchor at the present end says nothing of what may have come after it.
  const { last } = without
  expect((await verifyAudit(path, { anchor: last })).limits[0]).toMatch(/^entries cut off at the end after entry 7;/)
})

test('an anchor also vouches for the start, when older files have been archived', async () => {
  const { path, open } = trail()
  const opened = open({ maxBytes: 2000 })
  const seals = fill(opened, 60)
  const { files } = await verifyAudit(path)
  rmSync(files[0] ?? '')
  const [first] = readFileSync(files[1] ?? '', 'utf8').split('\n')
  const { seq } = JSON.parse(first ?? '') as { seq: number }
  expect((await verifyAudit(path)).problems).toMatchObject([
    { kind: 'removed', text: `entries 1 to ${seq - 1} are missing` },
  ])
  expect(await verifyAudit(path, { anchor: seals[seq - 2] })).toMatchObject({ ok: true, first: { seq } })
})

test('a trail that is taken away while the process runs goes on with the next number, so that the gap shows', async () => {
  const { path, open } = trail()
  const opened = open()
  fill(opened, 5)
  rmSync(path)
  fill(opened, 1, 6)
  expect((await verifyAudit(path)).problems).toMatchObject([{ kind: 'removed', text: 'entries 1 to 5 are missing' }])
})

test('a tail that is cut while the process runs leaves a gap in the numbers', async () => {
  const { path, open } = trail()
  const opened = open()
  fill(opened, 5)
  const rows = readFileSync(path, 'utf8').split('\n')
  writeFileSync(path, `${rows.slice(0, 3).join('\n')}\n`)
  fill(opened, 1, 6)
  expect((await verifyAudit(path)).problems).toMatchObject([{ kind: 'removed', text: 'entries 4 to 5 are missing' }])
})

test('an entry whose end of line is missing is named, as what comes after it would be lost', async () => {
  const { path, open } = trail()
  fill(open(), 2)
  writeFileSync(path, readFileSync(path, 'utf8').trimEnd())
  expect(await verifyAudit(path)).toMatchObject({ ok: false, entries: 1, problems: [{ kind: 'inserted', line: 2 }] })
})

test('half an entry that a crash left is named, and the chain goes on after it', async () => {
  const { path, open } = trail()
  fill(open(), 3)
  appendFileSync(path, '{"type":"audit","act')
  fill(open(), 2, 4)
  const { problems, entries } = await verifyAudit(path)
  expect(entries).toBe(5)
  expect(problems).toMatchObject([{ kind: 'inserted', line: 4 }])
})

test('while the trail cannot be written its entries wait, none is dropped, and it is said once', async () => {
  const { path, open, said } = trail()
  mkdirSync(path)
  const opened = open()
  expect(fill(opened, 1000)).toEqual([])
  rmSync(path, { recursive: true })
  opened.flush()
  expect(await verifyAudit(path)).toMatchObject({ ok: true, entries: 1000 })
  expect(said).toEqual([
    expect.stringMatching(/^audit trail cannot be written: EISDIR.*wait in memory until it can be$/),
    expect.stringMatching(/^audit trail is written again: /),
  ])
})

test('of entries that wait for the trail the oldest are told elsewhere when there are too many', async () => {
  const { path, open } = trail()
  const told: string[] = []
  mkdirSync(path)
  const opened = open({ onOverflow: (line) => told.push(line) })
  fill(opened, 10_002)
  rmSync(path, { recursive: true })
  opened.flush()
  expect(told).toEqual(['{"type":"audit","action":"a1"}', '{"type":"audit","action":"a2"}'])
  expect(await verifyAudit(path)).toMatchObject({ ok: true, entries: 10_000 })
})

test('entries that the trail never took are told on stderr when it ends', () => {
  const { path, open } = trail()
  const told: string[] = []
  mkdirSync(path)
  const opened = open({ onOverflow: (line) => told.push(line) })
  fill(opened, 2)
  opened.close()
  expect(told.map((line) => JSON.parse(line) as object)).toEqual([
    { type: 'audit', action: 'a1' },
    { type: 'audit', action: 'a2' },
  ])
})

test('a seal inside what a user sent is no seal', async () => {
  const { logger, folder } = createFamily()
  const seal = `","seq":1,"prev":"none","hash":"sha256:${'0'.repeat(64)}"}`
  logger.audit('login', `mallory${seal}`, { note: `{${seal}\n{"type":"audit"${seal}` })
  logger.audit('login', 'alice')
  expect(await verifyAudit(join(folder, 'mcp-audit.log'))).toMatchObject({ ok: true, entries: 2 })
})

test('the command verifies, prints the anchor, and takes it back', async () => {
  const { path, open } = trail()
  const opened = open({ maxBytes: 2000 })
  fill(opened, 20)
  const first = await command('verify', path)
  expect(first).toMatchObject({ code: 0, err: '' })
  expect(first.out).toMatch(/^ok: 20 entries \(1 to 20\) in \d files\n/)
  const anchor = /^anchor: (20:sha256:[0-9a-f]{64})$/m.exec(first.out)?.[1] ?? ''
  fill(opened, 5, 21)
  expect(await command('verify', path, '--anchor', anchor)).toMatchObject({ code: 0 })
  const rows = readFileSync(path, 'utf8').trimEnd().split('\n')
  writeFileSync(path, `${rows.with(0, (rows[0] ?? '').replace('"a', '"b')).join('\n')}\n`)
  const changed = await command('verify', path)
  expect(changed).toMatchObject({ code: 1, out: expect.stringMatching(/^NOT AS WRITTEN: 25 entries/) as string })
  expect(changed.out).not.toContain('anchor: ')
  const found = await command('verify', path, '--json')
  expect(found.code).toBe(1)
  expect(JSON.parse(found.out)).toMatchObject({ ok: false, problems: [{ kind: 'changed', file: path, line: 1 }] })
})

test('the command says what is wrong with how it was called', async () => {
  expect(await command()).toMatchObject({ code: 2, err: expect.stringContaining('expected verify FILE') as string })
  expect(await command('verify')).toMatchObject({ code: 2, err: expect.stringContaining('expected one') as string })
  expect(await command('verify', 'x', 'y')).toMatchObject({
    code: 2,
    err: expect.stringContaining('2 files are given; expected one') as string,
  })
  expect(await command('verify', '/nowhere/x')).toMatchObject({
    code: 2,
    err: expect.stringContaining('ENOENT') as string,
  })
  const anchored = await command('verify', 'x', '--anchor', '5')
  expect(anchored).toMatchObject({
    code: 2,
    err: expect.stringContaining('--anchor is "5"; expected SEQ:HASH') as string,
  })
  expect(await command('--help')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Usage: mcp-otel audit') as string,
  })
})

test('a key is taken from a file or from the environment', async () => {
  const { path, open } = trail()
  fill(open({ key: 'k1' }), 3)
  const keyFile = `${path}.key`
  writeFileSync(keyFile, 'k1\n')
  expect(await command('verify', path, '--key-file', keyFile)).toMatchObject({ code: 0 })
  expect(await commandIn({ MCP_OTEL_AUDIT_KEY: 'k1' }, 'verify', path)).toMatchObject({ code: 0 })
  for (const env of [{}, { MCP_OTEL_AUDIT_KEY: '' }])
    expect(await commandIn(env, 'verify', path)).toMatchObject({
      code: 1,
      out: expect.stringContaining('give that key') as string,
    })
})
