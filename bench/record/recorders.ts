import type { ContestantKind } from '../harness/suite.ts'
import { arrayRecorder, labelRecorder } from './limit-recorder.ts'
import { ownBoundRecorder, ownEventRecorder, ownRecorder } from './own-recorders.ts'
import { otelRecorder, promClientChildRecorder, promClientRecorder } from './peer-recorders.ts'
import type { PromClient } from './peer-recorders.ts'
import type { Recorder } from './recorder.ts'

interface RecorderKind {
  readonly kind: ContestantKind
  readonly create: (seriesLimit: number) => Promise<Recorder>
}

/** Who records; each library is loaded only in the process of its own case. */
export const recorders: Readonly<Record<string, RecorderKind>> = {
  'ours, two calls': { kind: 'ours', create: async (limit) => ownRecorder(limit) },
  'ours, fused': { kind: 'ours', create: async (limit) => ownEventRecorder(limit) },
  'ours, bound': { kind: 'ours', create: async (limit) => ownBoundRecorder(limit) },
  'prom-client': { kind: 'peer', create: async () => promClientRecorder(await import('prom-client')) },
  'prom-client, labels() kept': {
    kind: 'peer',
    create: async () => promClientChildRecorder(await import('prom-client')),
  },
  '@prometheus-io/client': {
    kind: 'peer',
    create: async () => promClientRecorder((await import('@prometheus-io/client')) as unknown as PromClient),
  },
  'OpenTelemetry SDK': { kind: 'peer', create: async (limit) => otelRecorder(limit) },
  'adds into an array': { kind: 'limit', create: async () => arrayRecorder() },
  'looks one label up': { kind: 'limit', create: async () => labelRecorder() },
}

export function createRecorder(name: string, seriesLimit: number): Promise<Recorder> {
  const known = recorders[name]
  if (known === undefined) {
    throw new Error(`the recorder is "${name}"; expected one of ${Object.keys(recorders).join(', ')}`)
  }
  return known.create(seriesLimit)
}
