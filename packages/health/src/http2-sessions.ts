import type { Http2Session, Http2Stream } from 'node:http2'

/** The part of a server that tells of HTTP/2 sessions; one of HTTP/1 has none to tell of. */
interface SessionSource {
  prependListener(event: string, listener: (...parameters: never[]) => void): unknown
}

/** The sessions of an HTTP/2 server, which it does not list itself. */
export interface Http2Sessions {
  /** From now on tells the client of each request to send the next ones over another connection; those that it sends are served. */
  sendElsewhere(): void
  /** Ends each session once its streams have ended. */
  close(): void
  /** Ends each session at once. */
  destroy(): void
}

const NO_ERROR = 0
/** "Streams up to this one are served": all of them, which makes it a notice. */
const EVERY_STREAM = 2 ** 31 - 1

/** Keeps the sessions of a server from now on, and those on which a request comes in. */
export function trackSessions(server: SessionSource): Http2Sessions {
  const sessions = new Set<Http2Session>()
  const told = new WeakSet<Http2Session>()
  let isElsewhere = false
  const meet = (session: Http2Session): void => {
    if (sessions.has(session)) return
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  }
  server.prependListener('session', meet)
  server.prependListener('stream', ({ session }: Http2Stream) => {
    if (session === undefined) return
    meet(session)
    if (!isElsewhere || told.has(session) || session.closed) return
    told.add(session)
    session.goaway(NO_ERROR, EVERY_STREAM)
  })
  return {
    sendElsewhere: () => void (isElsewhere = true),
    close() {
      for (const session of sessions) if (!session.closed) session.close()
    },
    destroy() {
      for (const session of sessions) session.destroy()
    },
  }
}
