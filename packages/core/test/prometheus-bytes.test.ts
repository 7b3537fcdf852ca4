import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { LabelTable } from '../src/prometheus/label-table.ts'
import { numberText } from '../src/prometheus/number-text.ts'
import { PageBytes } from '../src/prometheus/page-bytes.ts'
import { anyNumber, anyText } from './support/hostile-metrics.ts'

const long = fc.tuple(anyText, fc.nat({ max: 70_000 })).map(([text, times]) => (text || 'é').repeat(times))
type Part = { text: string } | { bytes: string } | { number: number } | { take: true }
const anyPart: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ text: fc.oneof({ weight: 20, arbitrary: anyText }, long) }),
  fc.record({ bytes: anyText }),
  fc.record({ number: fc.oneof(anyNumber, fc.nat(), fc.constantFrom(2 ** 31 - 1, 2 ** 31, 10, 99, 1e9)) }),
  fc.record({ take: fc.constant(true as const) }),
)

test('the bytes of a page are the UTF-8 of what was added, in pieces that are text by themselves', () => {
  fc.assert(
    fc.property(fc.array(anyPart, { maxLength: 60 }), (parts) => {
      const page = new PageBytes()
      const pieces: Uint8Array[] = []
      let expected = ''
      for (const it of parts) {
        if ('take' in it) pieces.push(...page.take())
        else if ('number' in it) page.number(it.number)
        else if ('bytes' in it) page.bytes(Buffer.from(it.bytes))
        else page.text(it.text)
        expected += textOf(it).toWellFormed()
      }
      pieces.push(...page.take())
      const texts = pieces.map((piece) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(piece))
      expect(texts.join('')).toBe(expected)
    }),
    { numRuns: 300 },
  )
})

function textOf(part: Part): string {
  if ('take' in part) return ''
  if ('number' in part) return numberText(part.number)
  return 'text' in part ? part.text : part.bytes
}

test('a table holds the texts that were added, also those from another table, and gives back the room it does not need', () => {
  fc.assert(
    fc.property(fc.array(anyText), fc.nat({ max: 50 }), (texts, expected) => {
      const first = new LabelTable(texts.length, expected)
      for (const text of texts) first.add(text)
      const second = new LabelTable(texts.length)
      for (const index of texts.keys()) second.addFrom(first, texts.length - 1 - index)
      const wellFormed = texts.map((text) => text.toWellFormed())
      expect(read(first.trim())).toEqual(wellFormed)
      expect(read(second)).toEqual(wellFormed.toReversed())
      expect(first.byteLength).toBe(Buffer.byteLength(wellFormed.join('')))
    }),
    { numRuns: 300 },
  )
})

function read(table: LabelTable): string[] {
  return Array.from({ length: table.length }, (_, index) => {
    expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(table.at(index))).toBe(table.textAt(index))
    return table.textAt(index)
  })
}
