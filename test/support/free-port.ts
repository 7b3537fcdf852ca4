import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below what systems give to those who ask for any port, so that nobody else gets it between its uses. */
const [LOWEST, HIGHEST] = [15_000, 32_000]
/** Of these each process that runs tests has a part of its own, so that no two find the same one free. */
const PARTS = 16
const PART_SIZE = Math.floor((HIGHEST - LOWEST) / PARTS)
const FIRST = LOWEST + (Number(process.env['VITEST_POOL_ID'] ?? 0) % PARTS) * PART_SIZE

const given = new Set<number>()

/** A port of this machine that nothing listens on, for what cannot choose one itself; never the same one twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + randomInt(PART_SIZE)
    if (given.has(port)) continue
    given.add(port)
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
