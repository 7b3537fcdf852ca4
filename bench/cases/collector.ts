import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

import { countSpans } from '../harness/count-spans.ts'

/** Bodies of exported traces, counted only when asked: what is measured should not wait for it. */
let traces: Buffer[] = []

const server = createServer((request, response) => {
  const body: Buffer[] = []
  request.on('data', (chunk: Buffer) => body.push(chunk))
  request.on('end', () => {
    response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end()
    if (request.url !== '/v1/traces') return
    const bytes = Buffer.concat(body)
    traces.push(request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes)
  })
})
process.on('message', () => {
  process.send?.(traces.reduce((sum, body) => sum + countSpans(body), 0))
  traces = []
})
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
