import { createHash, createHmac } from 'node:crypto'

/** What an entry is sealed to when there is none before it. */
export const GENESIS = 'none'

/** One entry's place in the chain; keep it outside the file, and it proves that all up to it is still there. */
export interface AuditSeal {
  /** Number of the entry, from 1. */
  readonly seq: number
  /** `sha256:…`, or `hmac-sha256:…` when the trail has a key: over the entry and the hash of the one before. */
  readonly hash: string
}

/** A line of a trail, taken apart; `prev` and `seq` are as the line claims. */
export interface SealedLine extends AuditSeal {
  readonly prev: string
  /** The bytes that the hash is over. */
  readonly body: string
}

const SEALED = /^(\{.*,"seq":(\d{1,15}),"prev":"([\w:-]{1,80})"),"hash":"((?:hmac-)?sha256:[0-9a-f]{64})"\}$/s

/** Returns an entry's line, without newline, that continues the chain after `prev`, and its seal. `content`: open JSON object. */
export function seal(content: string, prev: AuditSeal | undefined, key?: AuditKey): { line: string; seal: AuditSeal } {
  const seq = (prev?.seq ?? 0) + 1
  const body = `${content},"seq":${seq},"prev":"${prev?.hash ?? GENESIS}"`
  const hash = hashOf(body, key)
  return { line: `${body},"hash":"${hash}"}`, seal: { seq, hash } }
}

/** Secret that a trail is sealed with: who has it not cannot make a chain that holds. */
export type AuditKey = string | Uint8Array

/** Returns the hash of what stands before it in a line. */
export function hashOf(body: string, key?: AuditKey): string {
  if (key === undefined) return `sha256:${createHash('sha256').update(body, 'utf8').digest('hex')}`
  return `hmac-sha256:${createHmac('sha256', key).update(body, 'utf8').digest('hex')}`
}

/** Takes a line apart; `undefined` if it bears no seal. */
export function readSealed(line: string): SealedLine | undefined {
  const [, body, seq, prev, hash] = SEALED.exec(line) ?? []
  if (body === undefined || prev === undefined || hash === undefined || !isObject(line)) return undefined
  return { body, seq: Number(seq), prev, hash }
}

/** A seal in the middle of somebody's text is none. */
function isObject(line: string): boolean {
  try {
    const { hash } = JSON.parse(line) as { hash?: unknown }
    return typeof hash === 'string'
  } catch {
    return false
  }
}
