import { readFile, stat } from 'node:fs/promises'

import { GENESIS, hashOf, readSealed } from './audit-chain.ts'
import type { AuditKey, AuditSeal, SealedLine } from './audit-chain.ts'

export interface VerifyAuditOptions {
  /** The key that the trail is sealed with. */
  readonly key?: AuditKey | undefined
  /** A seal, or several, kept outside: the trail must contain each, or begin right after it. */
  readonly anchor?: AuditSeal | readonly AuditSeal[] | undefined
}

/** Something that is not as it was written. */
export interface AuditProblem {
  readonly kind: 'changed' | 'removed' | 'inserted' | 'reordered' | 'cut' | 'key'
  readonly file: string
  /** Line in that file, from 1. */
  readonly line: number
  readonly text: string
}

export interface AuditVerdict {
  readonly ok: boolean
  /** Files read, oldest first. */
  readonly files: readonly string[]
  readonly entries: number
  readonly first: AuditSeal | undefined
  /** The last entry's seal: keep it elsewhere, and the next verification finds a cut tail too. */
  readonly last: AuditSeal | undefined
  readonly problems: readonly AuditProblem[]
  /** What this verification could not have found. */
  readonly limits: readonly string[]
}

interface Place {
  readonly file: string
  readonly line: number
}

interface PlacedLine extends Place {
  readonly text: string
  readonly sealed: SealedLine | undefined
}

/**
 * Verifies an audit trail with all its rotated files: finds changed, removed, inserted and reordered entries, and says
 * what it could not have found. Rejects when the file cannot be read.
 */
export async function verifyAudit(path: string, options: VerifyAuditOptions = {}): Promise<AuditVerdict> {
  const files = await trailFiles(path)
  const lines: PlacedLine[] = []
  for (const file of files) lines.push(...placedLines(file, await readFile(file)))
  const anchors = [options.anchor ?? []].flat()
  const problems = [...new Verification(lines, options.key, anchors).problems()]
  const sealed = lines.flatMap((line) => line.sealed ?? [])
  const [first, last] = [sealed[0], sealed.at(-1)]
  return {
    ok: problems.length === 0,
    files,
    entries: sealed.length,
    first: first && { seq: first.seq, hash: first.hash },
    last: last && { seq: last.seq, hash: last.hash },
    problems,
    limits: limitsOf(last?.hash.startsWith('hmac-') === true, anchors, last),
  }
}

async function trailFiles(path: string): Promise<string[]> {
  const files = [path]
  for (let index = 1; await isThere(`${path}.${index}`); index++) files.unshift(`${path}.${index}`)
  return files
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function placedLines(file: string, bytes: Buffer): PlacedLine[] {
  // Bytes that are no UTF-8 become replacement characters, so that the hash tells.
  const rows = bytes.toString('utf8').split('\n')
  const isWhole = rows.at(-1) === ''
  if (isWhole) rows.pop()
  return rows.map((text, index) => ({
    file,
    line: index + 1,
    text,
    sealed: isWhole || index < rows.length - 1 ? readSealed(text) : undefined,
  }))
}

class Verification {
  readonly #lines: readonly PlacedLine[]
  readonly #key: AuditKey | undefined
  readonly #anchors: readonly AuditSeal[]
  readonly #places = new Map<number, Place>()

  constructor(lines: readonly PlacedLine[], key: AuditKey | undefined, anchors: readonly AuditSeal[]) {
    this.#lines = lines
    this.#key = key
    this.#anchors = anchors
    for (const { sealed, file, line } of lines)
      if (sealed && !this.#places.has(sealed.seq)) this.#places.set(sealed.seq, { file, line })
  }

  *problems(): Generator<AuditProblem> {
    let before: AuditSeal | undefined
    const seen = new Map<number, Place>()
    for (const { file, line, text, sealed } of this.#lines) {
      const at = { file, line }
      if (sealed === undefined) {
        yield {
          kind: 'inserted',
          ...at,
          text: text === '' ? 'an empty line' : 'a line without a seal, or with a broken one',
        }
        continue
      }
      yield* this.#own(sealed, at)
      const twin = seen.get(sealed.seq)
      if (twin !== undefined) {
        yield { kind: 'inserted', ...at, text: `entry ${sealed.seq} is there already, in ${twin.file}:${twin.line}` }
        continue
      }
      seen.set(sealed.seq, at)
      yield* this.#link(sealed, before, at)
      before = sealed
    }
    yield* this.#anchored(seen)
  }

  /** Whether the entry is what was sealed. */
  *#own({ body, hash, seq }: SealedLine, at: Place): Generator<AuditProblem> {
    const isKeyed = hash.startsWith('hmac-')
    if (isKeyed && this.#key === undefined) {
      if (seq === this.#lines.find(({ sealed }) => sealed)?.sealed?.seq) {
        yield { kind: 'key', ...at, text: 'the trail is sealed with a key; give that key to verify it' }
      }
    } else if (!isKeyed && this.#key !== undefined) {
      yield { kind: 'changed', ...at, text: `entry ${seq} is sealed without the key` }
    } else if (hashOf(body, this.#key) !== hash) {
      yield {
        kind: 'changed',
        ...at,
        text: `entry ${seq} is not what was sealed${isKeyed ? ', or the key is another' : ''}`,
      }
    }
  }

  /** Whether the entry follows the one before it. */
  *#link(sealed: SealedLine, before: AuditSeal | undefined, at: Place): Generator<AuditProblem> {
    const { seq, prev } = sealed
    const expected = (before?.seq ?? 0) + 1
    if (before === undefined && this.#anchors.some((anchor) => anchor.seq === seq - 1 && anchor.hash === prev)) return
    if (seq === expected) {
      if (prev === (before?.hash ?? GENESIS)) return
      yield {
        kind: 'changed',
        ...at,
        text: `entry ${seq} was sealed after another entry ${seq - 1} than the one before it`,
      }
    } else if (seq < expected) {
      yield { kind: 'reordered', ...at, text: `entry ${seq} stands after entry ${expected - 1}` }
    } else {
      const isElsewhere = this.#isAnyThere(expected, seq)
      const range = seq - 1 === expected ? `entry ${expected} is` : `entries ${expected} to ${seq - 1} are`
      yield isElsewhere
        ? { kind: 'reordered', ...at, text: `entry ${seq} stands where entry ${expected} belongs` }
        : { kind: 'removed', ...at, text: `${range} missing` }
    }
  }

  #isAnyThere(from: number, to: number): boolean {
    for (const seq of this.#places.keys()) if (seq >= from && seq < to) return true
    return false
  }

  *#anchored(seen: ReadonlyMap<number, Place>): Generator<AuditProblem> {
    const all = this.#lines.flatMap(({ sealed }) => sealed ?? [])
    const last = this.#lines.at(-1)
    const end = { file: last?.file ?? '', line: last?.line ?? 0 }
    for (const { seq, hash } of this.#anchors) {
      const found = all.find((entry) => entry.seq === seq)
      if (found?.hash === hash || all[0]?.prev === hash) continue
      yield found === undefined
        ? { kind: 'cut', ...end, text: `entry ${seq}, which the anchor knows, is missing` }
        : { kind: 'changed', ...(seen.get(seq) ?? end), text: `entry ${seq} is not the one that the anchor knows` }
    }
  }
}

function limitsOf(isKeyed: boolean, anchors: readonly AuditSeal[], last: AuditSeal | undefined): string[] {
  const anchored = Math.max(0, ...anchors.map(({ seq }) => seq))
  const limits: string[] = []
  if (anchored <= (last?.seq ?? 0)) {
    const from = anchored === 0 ? '' : ` after entry ${anchored}`
    limits.push(`entries cut off at the end${from}; keep the anchor elsewhere, and give it next time`)
  }
  if (!isKeyed) {
    limits.push('a chain made anew by who can write the file; seal the trail with a key, or keep anchors elsewhere')
  }
  return limits
}
