import { addressAttributes } from './route.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import type { TransportFacts } from './transport-facts.ts'

const MAX_PEER_TEXT = 64

/** An open session. */
export interface Session {
  /** Ends it; only the first call counts. */
  readonly end: () => void
}

export interface SessionOptions {
  readonly telemetry: ProtocolTelemetry
  readonly facts: TransportFacts
  readonly role: 'server' | 'client'
  readonly version: string
  /** What the other side calls itself. */
  readonly peer: { readonly name?: unknown; readonly version?: unknown }
  /** When it began, on the clock of `performance.now()`. */
  readonly started: number
}

/** Enters a session that has been agreed upon. */
export function startSession({ telemetry, facts, role, version, peer, started }: SessionOptions): Session {
  const { instruments, recordsConventions } = telemetry
  if (!recordsConventions) return { end() {} }
  const label = telemetry.bounds.peer(JSON.stringify([textOf(peer.name), textOf(peer.version)]))
  const [name, of] = label.startsWith('[') ? (JSON.parse(label) as [string, string]) : [label, label]
  instruments.sessions.add(1, { role, peer_name: name, peer_version: of, protocol_version: version })
  instruments.activeSessions.add(1, { role })
  let isEnded = false
  return {
    end() {
      if (isEnded) return
      isEnded = true
      instruments.activeSessions.add(-1, { role })
      const seconds = (performance.now() - started) / 1000
      const attributes = {
        'mcp.protocol.version': version,
        'network.transport': facts.network,
        'network.protocol.name': facts.protocol,
        'error.type': '',
      }
      if (role === 'server') instruments.serverSessionDuration.record(seconds, attributes)
      else instruments.clientSessionDuration.record(seconds, { ...attributes, ...addressAttributes(facts) })
    },
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_PEER_TEXT).toWellFormed() : 'unknown'
}
