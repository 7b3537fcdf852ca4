import { spawn } from 'node:child_process'
import path from 'node:path'
import { text } from 'node:stream/consumers'

import type { PythonClient } from './components.ts'

export type ParserFormat = 'text' | 'openmetrics'

interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly exemplar?: {
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
    readonly timestamp?: number
  }
}

/** A metric family as Prometheus' Python client reads it; counters are named without `_total`. */
export interface ParsedFamily {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly unit: string
  readonly samples: readonly ParsedSample[]
}

/** What the parser made of a page: its families, or why it refused it. */
export type ParsedPage = { readonly families: readonly ParsedFamily[] } | { readonly error: string }

/** Parses many pages in one Python process. */
export async function pythonParseAll(
  client: PythonClient,
  pages: ReadonlyArray<{ readonly page: string; readonly format: ParserFormat }>,
): Promise<ParsedPage[]> {
  const script = path.join(import.meta.dirname, 'parse-pages.py')
  const child = spawn(client.python, [script], { env: client.env, stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(pages))
  const output = await text(child.stdout)
  return (JSON.parse(output) as RawPage[]).map((raw) => ('error' in raw ? raw : { families: raw.families.map(family) }))
}

/** Parses one page; throws what the parser said when it refused it. */
export async function pythonParse(client: PythonClient, page: string, format: ParserFormat): Promise<ParsedFamily[]> {
  const [parsed] = await pythonParseAll(client, [{ page, format }])
  if (parsed === undefined) throw new Error('the parser gave no answer')
  if ('error' in parsed) throw new Error(parsed.error)
  return [...parsed.families]
}

interface RawSample {
  readonly name: string
  readonly labels: Record<string, string>
  readonly value: string
  readonly exemplar: { labels: Record<string, string>; value: string; timestamp: string | null } | null
}

type RawFamily = Omit<ParsedFamily, 'samples'> & { readonly samples: readonly RawSample[] }
type RawPage = { readonly families: readonly RawFamily[] } | { readonly error: string }

function family(raw: RawFamily): ParsedFamily {
  return { ...raw, samples: raw.samples.map(sample) }
}

function sample({ name, labels, value, exemplar }: RawSample): ParsedSample {
  if (exemplar === null) return { name, labels, value: numberOf(value) }
  const timestamp = exemplar.timestamp === null ? {} : { timestamp: numberOf(exemplar.timestamp) }
  return {
    name,
    labels,
    value: numberOf(value),
    exemplar: { labels: exemplar.labels, value: numberOf(exemplar.value), ...timestamp },
  }
}

function numberOf(python: string): number {
  if (python === 'inf') return Infinity
  return python === '-inf' ? -Infinity : Number(python)
}
