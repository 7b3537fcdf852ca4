import path from 'node:path'

import type { AppProcess } from './app-process.ts'
import type { MockOtlp } from './mock-otlp.ts'

/** How often the app records in each phase before its end: a span, a log record, counts, and an execution each time. */
export type Phases = Readonly<Record<string, number>>

/** A way in which the app of `fixtures/ending` comes to its end. */
export interface Ending {
  /** Whether another ending is so much like this one that it stands for it where not all can be tried. */
  readonly isVariant?: true
  readonly recorded: Phases
  /** What is done to the app once it is up. */
  readonly provoke?: (app: AppProcess) => Promise<void>
}

const signalled = (signal: NodeJS.Signals) => async (app: AppProcess) => {
  await app.sees(/^up$/m)
  app.child.kill(signal)
}

export const ENDINGS: Readonly<Record<string, Ending>> = {
  'by itself': { recorded: { first: 3, last: 1 } },
  'by process.exit()': { recorded: { first: 3, last: 1 } },
  'by SIGTERM without a handler': { recorded: { first: 3 }, provoke: signalled('SIGTERM') },
  'by SIGTERM, whose handler drains and exits': {
    recorded: { first: 3, draining: 3, last: 1 },
    provoke: signalled('SIGTERM'),
  },
  'by SIGTERM, whose handler drains and closes its server': {
    isVariant: true,
    recorded: { first: 3, draining: 3, last: 1 },
    provoke: signalled('SIGTERM'),
  },
  'by SIGTERM, whose handler exits at once': {
    isVariant: true,
    recorded: { first: 3, last: 1 },
    provoke: signalled('SIGTERM'),
  },
  'by SIGINT without a handler': { recorded: { first: 3 }, provoke: signalled('SIGINT') },
  'by a second Ctrl-C, while its handler drains': {
    recorded: { first: 3, draining: 2, last: 1 },
    async provoke(app) {
      await signalled('SIGINT')(app)
      await app.sees(/press again/)
      app.child.kill('SIGINT')
    },
  },
  'by an uncaught exception': { recorded: { first: 3, last: 1 } },
  'by an unhandled rejection': { recorded: { first: 3, last: 1 } },
  'by the end of its stdin': {
    recorded: { first: 3, fed: 2, last: 1 },
    async provoke(app) {
      await app.sees(/^up$/m)
      app.child.stdin?.end('some input')
    },
  },
}

/** Returns the path of a file of the app's. */
export function endingApp(name: string): string {
  return path.join(import.meta.dirname, '../fixtures/ending', name)
}

type Received = { readonly [Kind in 'spans' | 'points' | 'logs']: Pick<MockOtlp[Kind], 'all'> }

/** What of the app's own has arrived, by phase. */
export interface Account {
  readonly spans: Phases
  readonly logs: Phases
  /** Its own counter. */
  readonly events: Phases
}

const ofApp = ({ scope }: { readonly scope: { readonly name: string } }): boolean => scope.name === 'ending'

/** Returns what a service has delivered. */
export function accountOf(collector: Received, service: string): Account {
  const ofService = <T extends { readonly resource: Readonly<Record<string, unknown>> }>({ resource }: T): boolean =>
    resource['service.name'] === service
  const mine = { spans: collector.spans.all.filter(ofService), logs: collector.logs.all.filter(ofService) }
  return {
    spans: counted(mine.spans.filter(ofApp).map(({ name }) => name)),
    logs: counted(mine.logs.filter(ofApp).map(({ body }) => String(body))),
    events: lastValues(collector, service, 'app.events', 'phase'),
  }
}

/** Returns the last values of a counter that arrived, by one of its attributes. */
export function lastValues(
  { points }: Pick<Received, 'points'>,
  service: string,
  metric: string,
  attribute: string,
): Phases {
  const mine = points.all.filter(
    ({ attributes, name, resource, value }) =>
      resource['service.name'] === service && name === metric && attributes[attribute] !== undefined && value !== 0,
  )
  return Object.fromEntries(mine.map(({ attributes, value }) => [String(attributes[attribute]), value ?? NaN]))
}

export function counted(names: readonly string[]): Phases {
  const result: Record<string, number> = {}
  for (const name of names) result[name] = (result[name] ?? 0) + 1
  return result
}
