#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { json } from 'node:stream/consumers'

const commands = {
  async count({ file, top }) {
    const text = decode(await readFile(file), file)
    const words = text.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? []
    const counts = Map.groupBy(words, (word) => word.toLowerCase())
    const frequent = [...counts]
      .map(([word, all]) => ({ word, count: all.length }))
      .toSorted((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
    return {
      file,
      lines: text.split('\n').length - 1,
      words: words.length,
      characters: Array.from(text).length,
      frequent: frequent.slice(0, top),
    }
  },
}

function decode(bytes, file) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new Error(`${file} is not text in UTF-8`, { cause })
  }
}

try {
  const result = await commands[process.argv[2]](await json(process.stdin))
  console.log(JSON.stringify(result))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
