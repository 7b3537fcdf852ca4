import { PassThrough } from 'node:stream'

import { array, assert, constantFrom, integer, property } from 'fast-check'
import { expect, test } from 'vitest'

import { onStatusLine } from '../src/status-line.ts'

/** What is found when `chunks` are written, and what arrives. */
function observed(chunks: readonly (string | Buffer)[]): { statuses: (number | undefined)[]; written: string } {
  const socket = new PassThrough()
  const statuses: (number | undefined)[] = []
  onStatusLine(socket, (status) => statuses.push(status))
  for (const chunk of chunks) socket.write(chunk)
  socket.end()
  return { statuses, written: String(socket.read() ?? '') }
}

test('the final status is found however the response is cut, and whatever interim responses come before', () => {
  const interim = constantFrom('HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n')
  const cuts = array(integer({ min: 1, max: 30 }))
  assert(
    property(array(interim, { maxLength: 3 }), integer({ min: 101, max: 599 }), cuts, (interims, code, lengths) => {
      const status = code < 200 ? 101 : code
      const text = `${interims.join('')}HTTP/1.1 ${status} Something\r\nA: b\r\n\r\nHTTP/1.1 999`
      const chunks: (string | Buffer)[] = []
      let start = 0
      for (const length of lengths) {
        const chunk = text.slice(start, start + length)
        if (chunk !== '') chunks.push(length % 2 === 0 ? chunk : Buffer.from(chunk))
        start += length
      }
      if (start < text.length) chunks.push(text.slice(start))
      expect(observed(chunks)).toEqual({ statuses: [status], written: text })
    }),
  )
})

test('what is no response gives no status, once', () => {
  expect(observed(['SSH-2.0-OpenSSH_9.6\r\n', 'HTTP/1.1 200 OK'])).toMatchObject({ statuses: [undefined] })
})

test('interim responses without an end are read in bounded memory', () => {
  const interim = `HTTP/1.1 103 Early Hints\r\nLink: <${'x'.repeat(1000)}>\r\n\r\n`
  const { statuses } = observed([...Array.from({ length: 20 }, () => interim), 'HTTP/1.1 200 OK\r\n\r\n'])
  expect(statuses).toEqual([undefined])
})

test('what somebody else has put in the place of a method since stays there', () => {
  const socket = new PassThrough()
  onStatusLine(socket, () => {})
  const { value: ours } = Object.getOwnPropertyDescriptor(socket, 'write') as { value: (chunk: string) => boolean }
  const theirs = { value: (chunk: string) => Reflect.apply(ours, socket, [chunk]), configurable: true }
  Object.defineProperty(socket, 'write', theirs)
  socket.write('HTTP/1.1 200 OK\r\n\r\n')
  expect(Object.getOwnPropertyDescriptor(socket, 'write')).toMatchObject(theirs)
  expect(Object.hasOwn(socket, 'end')).toBe(false)
})

test('the socket is as it was afterwards', () => {
  const socket = new PassThrough()
  onStatusLine(socket, () => {})
  expect(Object.hasOwn(socket, 'write')).toBe(true)
  socket.write('HTTP/1.1 200 OK\r\n\r\n')
  expect([Object.hasOwn(socket, 'write'), Object.hasOwn(socket, 'end')]).toEqual([false, false])
})
