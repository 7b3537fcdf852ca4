import type { ProtocolInput } from '../cases/protocol.ts'
import { alternate } from '../harness/alternate.ts'
import { runCase } from '../harness/run-case.ts'
import type { Suite } from '../harness/suite.ts'
import { observers } from '../protocol/observers.ts'

/** What V8 makes of promises and garbage differs from process to process by a tenth, which is what the goals are about. */
const ROUNDS = 8
/** Until the compiler has done with them: after a tenth of these a call costs a fifth more, whoever observes it. */
const WARM_UP_CALLS = 30_000

export const protocol: Suite = {
  name: 'protocol',
  about: 'a tool call through the SDK of the Model Context Protocol, client and server in one process',
  figures: {
    cpu: { label: 'CPU per call', unit: 'µs' },
    spans: { label: 'spans', unit: 'a call', plain: true },
    clean: { label: 'undisturbed', unit: '%', plain: true },
  },
  run: (options) => {
    const { quick } = options
    const cases = Object.entries(observers).map(([observer, { group, kind }]) => ({
      group,
      kind,
      contestant: observer,
      measure: () =>
        runCase({
          script: 'cases/protocol.ts',
          input: {
            observer,
            batches: quick ? 3 : 16,
            warmUpCalls: quick ? 4000 : WARM_UP_CALLS,
          } satisfies ProtocolInput,
        }),
    }))
    return alternate(cases, quick ? 1 : ROUNDS, options)
  },
}
