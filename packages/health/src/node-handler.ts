import type { IncomingMessage, ServerResponse } from 'node:http'

import type { HealthResponder } from './responder.ts'

/** Answers health endpoints on a `node:http` server: false when the path is none of them, true once answered. */
export type NodeHealthHandler = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>

/** Creates a handler for `node:http` (and HTTP/2's compatibility API). It never throws, and touches no request that is not its own. */
export function createNodeHandler(respond: HealthResponder): NodeHealthHandler {
  return (request, response) => {
    const { method = 'GET', url = '/', headers, socket } = request
    const answer = respond({ method, url, headers, remoteAddress: socket.remoteAddress })
    if (answer === undefined) return false
    return answer.then(({ status, headers: answered, body }) => {
      if (!response.headersSent && !response.destroyed) {
        response.writeHead(status, answered)
        response.end(body)
      }
      return true
    })
  }
}
