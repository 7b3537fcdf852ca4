import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { constants, createGzip } from 'node:zlib'

/** Compresses on zlib's threads; fast rather than small, because the host's processor pays for it at every scrape. */
export async function gzip(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  return buffer(Readable.from(chunks).pipe(createGzip({ level: constants.Z_BEST_SPEED })))
}
