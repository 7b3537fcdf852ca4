import * as fc from 'fast-check'

/** What a random call does, step by step. */
export interface Program {
  readonly kind: 'sync' | 'async' | 'generator' | 'asyncGenerator'
  readonly steps: number
  readonly fails: boolean
}

/** Any program. */
export const program: fc.Arbitrary<Program> = fc.record<Program>({
  kind: fc.constantFrom('sync', 'async', 'generator', 'asyncGenerator'),
  steps: fc.nat({ max: 4 }),
  fails: fc.boolean(),
})

/** What is done around each call. */
export type Around = <T>(call: () => T) => T

/** Runs programs side by side and returns what they did and what their callers got, in order. */
export async function play(programs: readonly Program[], around: Around): Promise<{ did: string[]; got: string[] }> {
  const did: string[] = []
  const got: string[] = []
  const callers = programs.map(async ({ kind, steps, fails }, index) => {
    const end = (): string => {
      did.push(`${index} ends`)
      if (fails) throw new Error(`${index} failed`)
      return `${index} result`
    }
    const bodies = {
      sync: () => end(),
      async async() {
        for (let step = 0; step < steps; step++) did.push(`${index} step ${step}`, String(await Promise.resolve()))
        return end()
      },
      *generator(): Generator<number, string, string> {
        for (let step = 0; step < steps; step++) did.push(`${index} step ${step} got ${yield step}`)
        return end()
      },
      async *asyncGenerator(): AsyncGenerator<number, string, string> {
        for (let step = 0; step < steps; step++) did.push(`${index} step ${step} got ${yield step}`)
        return end()
      },
    }
    try {
      const result: unknown = around<unknown>(bodies[kind])
      if (kind === 'generator' || kind === 'asyncGenerator') {
        const generator = result as AsyncGenerator<unknown, unknown, string>
        for (let turn = 0; ; turn++) {
          const next = generator.next(`${index} given ${turn}`)
          const { done, value } = kind === 'generator' ? (next as unknown as IteratorResult<unknown>) : await next
          got.push(`${index}: ${String(value)}`)
          if (done === true) break
        }
      } else got.push(`${index}: ${String(kind === 'async' ? await result : result)}`)
    } catch (error) {
      got.push(`${index}: ${String(error)}`)
    }
  })
  await Promise.all(callers)
  return { did, got }
}
