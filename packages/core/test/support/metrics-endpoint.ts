import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'

import { serve } from '../../../../test/support/serve.ts'
import type { Served } from '../../../../test/support/serve.ts'
import { createMetricsHandler, createPageRenderer } from '../../src/index.ts'
import type { CollectionResult, MetricsHandlerOptions, PageFormat } from '../../src/index.ts'
import { guideMetrics } from './guide-metrics.ts'

/** A collection of the guide's metrics. */
export const guide: CollectionResult = { resourceMetrics: guideMetrics, errors: [] }

/** The page that it makes. */
export function guidePage(format: PageFormat): string {
  return createPageRenderer().render(guideMetrics, format)
}

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Sends one request on a connection of its own. */
export async function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  const request = httpRequest(url, { method, headers, agent: false }).end()
  const [response] = await once(request, 'response')
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) }
}

export interface MetricsEndpoint extends Served {
  /** What the handler has reported. */
  readonly problems: string[]
}

/** Serves the handler over HTTP; it collects the guide's metrics unless told otherwise. */
export async function endpoint(options: Partial<MetricsHandlerOptions> = {}): Promise<MetricsEndpoint> {
  const problems: string[] = []
  const onProblem = (problem: string): void => void problems.push(problem)
  const handler = createMetricsHandler({ collect: async () => guide, onProblem, ...options })
  const server = await serve((request, response) => void handler(request, response))
  return { ...server, problems }
}
