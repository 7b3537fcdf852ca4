import type * as Crypto from 'node:crypto'
import { BlockList, isIP } from 'node:net'

import type { HealthRequest } from './http-contract.ts'

/** Who sees the detailed view beside those who bear the token. */
export type DetailsPolicy = 'loopback' | 'always' | 'never'

/** Headers that a proxy or a tunnel adds: with them, the loopback address is theirs and not the client's. */
const PROXY_HEADER =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-original-.*|x-envoy-.*|x-real-ip|x-cluster-client-ip|.*-(?:client|connecting|user|remote)-ip|x-client-ip)$/

/** Returns what decides whether a request may see details. */
export function createDetailsAccess(
  policy: DetailsPolicy,
  token: string | undefined,
): (request: HealthRequest) => boolean {
  const isLoopback = createLoopbackTest()
  const expected = token === undefined ? undefined : digest(token)
  return ({ headers, remoteAddress }) => {
    if (policy === 'always') return true
    if (expected !== undefined) {
      const given = /^Bearer +(\S+) *$/i.exec(one(headers['authorization']) ?? '')?.[1]
      // Digests are of one length, so that the comparison tells nothing about the token's.
      if (given !== undefined && crypto().timingSafeEqual(digest(given), expected)) return true
    }
    if (policy === 'never' || !isLoopback(remoteAddress)) return false
    return (
      !Object.keys(headers).some(isProxyHeader) &&
      isLocalHost(one(headers['host'] ?? headers[':authority']), isLoopback)
    )
  }
}

function isProxyHeader(name: string): boolean {
  return PROXY_HEADER.test(name.toLowerCase())
}

/** A web page that has its name resolve to 127.0.0.1 reaches us from loopback, but cannot hide the name it used. */
function isLocalHost(host: string | undefined, isLoopback: (address: string) => boolean): boolean {
  if (host === undefined || host === '') return true
  const name = host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || isLoopback(name)
}

function createLoopbackTest(): (address: string | undefined) => boolean {
  // Made for the first request that it matters to.
  let loopback: BlockList | undefined
  return (address) => {
    const version = isIP(address ?? '')
    return version !== 0 && (loopback ??= createLoopback()).check(address as string, version === 6 ? 'ipv6' : 'ipv4')
  }
}

function createLoopback(): BlockList {
  const loopback = new BlockList()
  loopback.addSubnet('127.0.0.0', 8, 'ipv4')
  loopback.addAddress('::1', 'ipv6')
  return loopback
}

function digest(text: string): Buffer {
  return crypto().createHash('sha256').update(text).digest()
}

function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}

/** It is large, and a process without a token may do without it. */
function crypto(): typeof Crypto {
  return process.getBuiltinModule('node:crypto')
}
