import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import type { AuditKey, AuditSeal } from './audit-chain.ts'
import { verifyAudit } from './verify-audit.ts'
import type { AuditVerdict } from './verify-audit.ts'

/** Where a command's text goes and its settings come from. */
export interface CommandIo {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly env: Readonly<Record<string, string | undefined>>
}

const USAGE = `Usage: mcp-otel audit verify FILE [--anchor SEQ:HASH]... [--key-file PATH] [--json]

Verifies an audit trail, rotated files (FILE.1, FILE.2, …) included: finds changed, removed, inserted and reordered
entries, and prints the anchor to keep elsewhere.

  --anchor SEQ:HASH  an anchor printed earlier; the trail must still contain it; may be given several times
  --key-file PATH    file with the key that the trail is sealed with; else MCP_OTEL_AUDIT_KEY has it
  --json             prints the verdict as one JSON object

Exit code: 0 nothing found, 1 the trail is not as it was written, 2 it could not be verified.
`

/** Runs `mcp-otel audit …`, given what stands behind `audit`; returns the exit code. */
export async function runAuditCommand(argv: readonly string[], io: CommandIo = process): Promise<number> {
  try {
    const request = parse(argv, io.env)
    if (request === undefined) {
      io.stdout.write(USAGE)
      return 0
    }
    const { path, isJson, ...options } = request
    const verdict = await verifyAudit(path, options)
    io.stdout.write(isJson ? `${JSON.stringify(verdict)}\n` : textOf(verdict))
    return verdict.ok ? 0 : 1
  } catch (error) {
    io.stderr.write(`mcp-otel audit: ${(error as Error).message}\n`)
    return 2
  }
}

interface Request {
  readonly path: string
  readonly anchor: readonly AuditSeal[]
  readonly key: AuditKey | undefined
  readonly isJson: boolean
}

function parse(argv: readonly string[], env: CommandIo['env']): Request | undefined {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      anchor: { type: 'string', multiple: true, default: [] },
      'key-file': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const [action, path, ...rest] = positionals
  if (action !== 'verify')
    throw new Error(`the action is ${JSON.stringify(action ?? '')}; expected verify FILE; see --help`)
  if (path === undefined || rest.length > 0)
    throw new Error(`${positionals.length - 1} files are given; expected one; see --help`)
  const keyFile = values['key-file']
  const key = keyFile === undefined ? env['MCP_OTEL_AUDIT_KEY'] : readFileSync(keyFile, 'utf8').trim()
  return { path, anchor: values.anchor.map(parseAnchor), key: key === '' ? undefined : key, isJson: values.json }
}

function parseAnchor(text: string): AuditSeal {
  const [, seq, hash] = /^(\d{1,15}):((?:hmac-)?sha256:[0-9a-f]{64})$/.exec(text) ?? []
  if (hash === undefined)
    throw new Error(`--anchor is ${JSON.stringify(text)}; expected SEQ:HASH as an earlier run printed it`)
  return { seq: Number(seq), hash }
}

function textOf({ ok, files, entries, first, last, problems, limits }: AuditVerdict): string {
  const range = first === undefined || last === undefined ? '' : ` (${first.seq} to ${last.seq})`
  const rows = [
    `${ok ? 'ok' : 'NOT AS WRITTEN'}: ${entries} entries${range} in ${files.length} ${files.length === 1 ? 'file' : 'files'}`,
    ...problems.map(({ kind, file, line, text }) => `  ${kind}: ${file}:${line}: ${text}`),
    ...limits.map((limit) => `cannot be found this way: ${limit}`),
    ...(last === undefined || !ok ? [] : [`anchor: ${last.seq}:${last.hash}`]),
  ]
  return `${rows.join('\n')}\n`
}
