import { buffer } from 'node:stream/consumers'

/** What is compressed in a tenth of a millisecond: less than the way to zlib's threads and back takes of the host's own. */
const SHORT_BYTES = 64 * 1024

/** Compresses, fast rather than small, because the host's processor pays for it at every scrape; what is long on zlib's threads. */
export async function gzip(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  // Not imported above: most processes never need it.
  const { constants, createGzip, gzipSync } = process.getBuiltinModule('node:zlib')
  const options = { level: constants.Z_BEST_SPEED }
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined && only.length <= SHORT_BYTES) return gzipSync(only, options)
  const compressed = createGzip(options)
  for (const chunk of chunks) compressed.write(chunk)
  compressed.end()
  return buffer(compressed)
}
