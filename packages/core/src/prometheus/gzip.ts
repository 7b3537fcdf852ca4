import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

/** Compresses on zlib's threads; fast rather than small, because the host's processor pays for it at every scrape. */
export async function gzip(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  // Not imported above: most processes never need it.
  const { constants, createGzip } = process.getBuiltinModule('node:zlib')
  return buffer(Readable.from(chunks).pipe(createGzip({ level: constants.Z_BEST_SPEED })))
}
