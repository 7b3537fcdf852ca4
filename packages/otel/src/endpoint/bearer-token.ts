import type * as Crypto from 'node:crypto'
/** Tells whether a request brings the token; how long that takes says nothing about either. */
export type TokenCheck = (authorization: string | undefined) => boolean

/** Creates the check; without a token every request passes. */
export function createTokenCheck(token: string | undefined): TokenCheck {
  if (token === undefined) return () => true
  const expected = digest(token)
  return (authorization = '') => {
    const brought = /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
    return brought !== undefined && crypto().timingSafeEqual(digest(brought), expected)
  }
}

/** Digests are of one length, as the comparison needs them, whatever was brought. */
function digest(text: string): Buffer {
  return crypto().createHash('sha256').update(text).digest()
}

/** It is large, and a process without a token may do without it. */
function crypto(): typeof Crypto {
  return process.getBuiltinModule('node:crypto')
}
