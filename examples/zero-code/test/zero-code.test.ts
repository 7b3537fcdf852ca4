import path from 'node:path'

import { describe, expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { scrapeUntil } from '../../../test/support/scrape.ts'

const folder = path.dirname(import.meta.dirname)

interface Answer {
  readonly status: number
  readonly text: string
}

/** Sends the app one request of each kind, in the same order always. */
async function ask(url: string): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const target of ['/', '/users/1', '/users/1?verbose=true', '/users/2', '/broken', '/no/such/page']) {
    const response = await fetch(url + target)
    answers.push({ status: response.status, text: await response.text() })
  }
  return answers
}

async function runApp(file: string, flags: readonly string[] = [], env: Record<string, string> = {}): Promise<Run> {
  const app = new AppProcess([...flags, path.join(folder, file)], {
    cwd: folder,
    env: { PORT: '0', OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...env },
  })
  const [, url = ''] = await app.sees(/^listening on (\S+)/m)
  return { app, url, answers: await ask(url) }
}

interface Run {
  readonly app: AppProcess
  readonly url: string
  readonly answers: readonly Answer[]
}

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0)

const ways: readonly { name: string; flags: readonly string[]; env?: Record<string, string> }[] = [
  { name: '--require', flags: ['--require', REGISTER] },
  { name: '--import', flags: ['--import', REGISTER] },
  { name: 'NODE_OPTIONS', flags: [], env: { NODE_OPTIONS: `--require ${REGISTER}` } },
]

for (const file of ['app.mjs', 'app.cjs']) {
  describe(`${file}, unmodified`, () => {
    for (const { name, flags, env } of ways) {
      test(`under ${name} has its routes on /metrics, and answers as without`, async () => {
        const bare = await runApp(file)
        await using _bare = bare.app
        const measured = await runApp(file, flags, env)
        await using app = measured.app

        expect(measured.answers).toEqual(bare.answers)
        expect(bare.answers.map(({ status }) => status)).toEqual([200, 200, 200, 404, 500, 404])

        const page = await scrapeUntil(await app.endpoint(), (seen) => total(seen.of('mcp_requests_total')) === 6)
        expect(page.of('mcp_requests_total')).toEqual({
          '{method="GET",endpoint="/",status="200"}': 1,
          '{method="GET",endpoint="/users/:id",status="200"}': 2,
          '{method="GET",endpoint="/users/:id",status="404"}': 1,
          '{method="GET",endpoint="/broken",status="500"}': 1,
          '{method="GET",endpoint="unmatched",status="404"}': 1,
        })
        expect(page.samples.get('mcp_request_duration_seconds_count{method="GET",endpoint="/users/:id"}')).toBe(3)
        expect(app.stdout).toBe(`listening on ${measured.url}\n`)
        expect(await app.stop('SIGTERM')).toEqual(await bare.app.stop('SIGTERM'))
      })
    }
  })
}
