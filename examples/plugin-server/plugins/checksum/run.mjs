#!/usr/bin/env node
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

const commands = {
  async file({ file }) {
    return checksum(file)
  },

  async directory({ directory, recursive, limit }) {
    const entries = await readdir(directory, { recursive, withFileTypes: true })
    // A link may lead out of the root: only what is a file itself is read.
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    const chosen = files.toSorted().slice(0, limit)
    const results = []
    for (const file of chosen) results.push(await checksum(file))
    return { files: results, truncated: files.length > chosen.length }
  },
}

async function checksum(file) {
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(
    createReadStream(file),
    async function* count(chunks) {
      for await (const chunk of chunks) {
        bytes += chunk.length
        yield chunk
      }
    },
    hash,
  )
  return { file, bytes, sha256: hash.digest('hex') }
}

try {
  const result = await commands[process.argv[2]](await json(process.stdin))
  console.log(JSON.stringify(result))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
