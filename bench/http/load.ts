import { connect } from 'node:net'
import type { Socket } from 'node:net'

import { quantile } from '../harness/statistics.ts'

export interface Load {
  readonly requestsPerSecond: number
  /** Milliseconds that 99 of 100 requests took at most. */
  readonly p99: number
}

export interface LoadOptions {
  readonly port: number
  readonly requests: number
  readonly connections: number
}

const HEAD_END = '\r\n\r\n'
const LENGTH = /content-length: (\d+)/i

/** Sends exactly so many requests over kept connections, the next on each when the last was answered. */
export async function sendLoad({ port, requests, connections }: LoadOptions): Promise<Load> {
  const latencies: number[] = []
  let sent = 0
  const converse = async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    try {
      while (sent < requests) {
        const start = performance.now()
        await exchange(socket, `GET /orders/${sent++} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
        latencies.push(performance.now() - start)
      }
    } finally {
      socket.destroy()
    }
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: connections }, converse))
  const seconds = (performance.now() - start) / 1000
  return { requestsPerSecond: requests / seconds, p99: quantile(latencies, 0.99) }
}

function exchange(socket: Socket, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const settle = (error?: Error): void => {
      socket.off('data', read).off('error', settle).off('close', closed)
      if (error === undefined) resolve()
      else reject(error)
    }
    const closed = (): void => settle(new Error('the server closed the connection'))
    const read = (chunk: Buffer): void => {
      answer += chunk.toString('latin1')
      const end = answer.indexOf(HEAD_END)
      if (end === -1 || answer.length < end + HEAD_END.length + Number(LENGTH.exec(answer)?.[1] ?? 0)) return
      if (answer.startsWith('HTTP/1.1 200 ')) settle()
      else settle(new Error(`the server answered ${answer.slice(0, answer.indexOf('\r'))}`))
    }
    socket.on('data', read).on('error', settle).on('close', closed)
    socket.write(request)
  })
}
