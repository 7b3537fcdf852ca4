/** One event's labels. */
export interface Labels {
  readonly method: string
  readonly endpoint: string
  readonly status: string
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const

/** Returns different label sets in an order in which neighbours in time are not neighbours in the tables. */
export function labelSets(count: number): Labels[] {
  const sets = Array.from({ length: count }, (_, i): Labels => ({
    method: METHODS[i % 4] as string,
    endpoint: `/api/route-${Math.floor(i / 4)}/:id`,
    status: i % 7 === 0 ? '404' : '200',
  }))
  let seed = 1
  for (let i = sets.length - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    const j = seed % (i + 1)
    ;[sets[i], sets[j]] = [sets[j] as Labels, sets[i] as Labels]
  }
  return sets
}
