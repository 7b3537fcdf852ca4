import { execFile } from 'node:child_process'
import path from 'node:path'

import { expect } from 'vitest'

import { findJq, type Jq } from '../../../test/support/components.ts'
import { testWithBoth } from '../../../test/support/test-with.ts'
import { findPort5000, type Port5000 } from './support/port-5000.ts'
import { type RunningServer, startServer } from './support/start-server.ts'

/** The lines of the guide's chapter on troubleshooting, to the letter. */
const lines = {
  errors: 'grep "ERROR" mcp.log | tail -n 100',
  executionTimes: `grep "plugin" mcp.log | jq 'select(.duration_ms > 1000)'`,
  errorRate: 'curl -s localhost:5000/metrics | grep mcp_requests_total',
  queueSize: 'curl -s localhost:5000/metrics | grep mcp_queue_size',
  health: 'curl -s localhost:5000/health | jq',
}

interface Output {
  readonly stdout: string
  readonly stderr: string
}

/** Runs a line as its reader would, in the server's directory. */
function shell(line: string, server: RunningServer, port: Port5000, jq: Jq): Promise<Output> {
  const [program, ...args] = [...port.reaching(server.child.pid ?? 0), 'bash', '-c', line] as const
  const env = { ...process.env, ...jq.env, PATH: `${process.env['PATH']}${path.delimiter}${jq.folder}` }
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: server.directory, env }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr })
      else reject(new Error(`${line}: ${error.message}${stdout}`, { cause: error }))
    })
  })
}

testWithBoth(
  await findPort5000(),
  await findJq(),
  'every line of the guide’s troubleshooting chapter works to the letter, and shows what has happened',
  async (port, jq) => {
    const server = await startServer({ telemetry: true, port: 5000, launcher: port.launcher })
    const read = async (line: string): Promise<string> => {
      const { stdout, stderr } = await shell(line, server, port, jq)
      expect(stderr).toBe('')
      return stdout
    }
    const post = (body: object): Promise<string> =>
      read(`curl -s localhost:5000/run -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`)
    await post({ plugin: 'checksum', command: 'file', args: { file: 'README.txt' } })
    await post({ plugin: 'words', command: 'count', args: { file: 'letters/old.txt' } })
    await post({ plugin: 'system', command: 'cpu', args: { seconds: 1.2 } })
    await post({ plugin: 'weather', command: 'today' })

    const errors = (await read(lines.errors))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(errors).toEqual([
      expect.objectContaining({ levelname: 'ERROR', type: 'error', error: 'letters/old.txt is not text in UTF-8' }),
    ])

    // On a busy machine others may have taken a second, too.
    const slow = (await read(lines.executionTimes)).split(/(?<=^\})\n/m).slice(0, -1)
    const logged = server.log().filter((line) => line['type'] === 'plugin' && Number(line['duration_ms']) > 1000)
    expect(slow.map((text) => JSON.parse(text) as unknown)).toEqual(logged)
    expect(logged).toContainEqual(expect.objectContaining({ plugin: 'system', command: 'cpu', status: 'success' }))

    const rate = (await read(lines.errorRate)).trim().split('\n')
    expect(rate).toContain('# TYPE mcp_requests_total counter')
    expect(rate).toContain('mcp_requests_total{method="POST",endpoint="/run",status="200"} 2')
    expect(rate).toContain('mcp_requests_total{method="POST",endpoint="/run",status="500"} 1')
    expect(rate).toContain('mcp_requests_total{method="POST",endpoint="/run",status="404"} 1')

    const size = (await read(lines.queueSize))
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('#'))
    expect(size.toSorted()).toEqual(
      ['checksum', 'search', 'system', 'words'].map((plugin) => `mcp_queue_size{plugin="${plugin}"} 0`),
    )

    const health = await read(lines.health)
    expect(health).toMatch(/^\{\n {2}"status": "/)
    expect(JSON.parse(health)).toMatchObject({ queue_size: 0, plugins: { checksum: {}, words: {} } })
  },
)
