#!/usr/bin/env node
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'

const commands = {
  async text({ pattern, directory, ignoreCase, limit }) {
    const expression = new RegExp(pattern, ignoreCase ? 'ui' : 'u')
    const entries = await readdir(directory, { recursive: true, withFileTypes: true })
    // A link may lead out of the root: only what is a file itself is read.
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    const matches = []
    let searched = 0
    for (const file of files.toSorted()) {
      searched += 1
      for await (const match of matchesIn(file, expression)) {
        if (matches.length === limit) return { matches, searched, truncated: true }
        matches.push(match)
      }
    }
    return { matches, searched, truncated: false }
  },
}

async function* matchesIn(file, expression) {
  const handle = await open(file)
  try {
    let line = 0
    for await (const text of handle.readLines({ autoClose: false })) {
      line += 1
      // As grep does: what holds a NUL is not text.
      if (text.includes('\0')) return
      if (expression.test(text)) yield { file, line, text }
    }
  } finally {
    await handle.close()
  }
}

try {
  const result = await commands[process.argv[2]](await json(process.stdin))
  console.log(JSON.stringify(result))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
