import { expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { scrapeUntil } from './support/scrape.ts'

test.each([
  ['--require', 'cjs'],
  ['--require', 'mjs'],
  ['--import', 'cjs'],
  ['--import', 'mjs'],
])('under %s, the queues of a .%s app are measured, and those of its framework are not', async (flag, type) => {
  await using app = new AppProcess([flag, REGISTER, `${root}/test/fixtures/in-process-queues.${type}`], {
    env: { OTEL_EXPORTER_PROMETHEUS_PORT: '0', MCP_OTEL_QUEUE_PLUGINS: 'p-queue=files' },
  })
  const endpoint = await app.endpoint()
  const [, url = ''] = await app.sees(/app on (\S+)/)
  for (let count = 0; count < 5; count++) {
    const response = await fetch(url)
    const { own, traces, names } = (await response.json()) as { own: string; traces: string[]; names: string[] }
    expect(traces).toEqual([own, own, own])
    expect(names).toEqual(['fastqueue', 'queueAsPromised'])
  }
  const page = await scrapeUntil(endpoint, (it) => it.of('mcp_queue_wait_seconds_count')['{plugin="fastq"}'] === 10)
  expect(page.of('mcp_queue_wait_seconds_count')).toEqual({ '{plugin="files"}': 5, '{plugin="fastq"}': 10 })
  expect(page.of('mcp_queue_size')).toEqual({ '{plugin="files"}': 0, '{plugin="fastq"}': 0 })
  expect(page.of('mcp_queue_active_jobs')).toEqual({ '{plugin="files"}': 0, '{plugin="fastq"}': 0 })
  expect(page.of('mcp_queue_info')).toEqual({
    '{plugin="files",scope="local",engine="p-queue"}': 1,
    '{plugin="fastq",scope="local",engine="fastq"}': 1,
  })
})
