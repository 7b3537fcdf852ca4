import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { findJq, findPythonJsonLogger } from '../../../test/support/components.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { createAsctime } from '../src/asctime.ts'
import { createFamily, parseLines } from './support/log-family.ts'
import type { Line } from './support/log-family.ts'

const GOLDEN = join(import.meta.dirname, 'golden/python.log')

const python = await findPythonJsonLogger()
const jq = await findJq()

/** The events that `golden/events.py` logs with Python's logging and the guide's configuration. */
function sameEvents(): { lines: Line[]; text: string } {
  const { logger, lines, text } = createFamily({ name: 'root', level: 'DEBUG' })
  const plugin = logger.getLogger('mcp.plugin')
  logger.debug('detail')
  logger.info('started on port %d', 5000)
  logger.warning('queue is long', { depth: 120 })
  logger.error('failed')
  logger.critical('going down')
  logger.info({ type: 'access', method: 'GET', path: '/help', status: 200, duration_ms: 3.5 })
  plugin.info({ type: 'plugin', plugin: 'sum', command: 'md5', status: 'success', duration_ms: 1200 })
  logger.error({
    type: 'error',
    error: 'boom',
    traceback: 'Traceback: boom\n  line 1',
    context: { job: 7, deep: { list: [1, null, true] } },
  })
  logger.info({ type: 'audit', action: 'login', user: 'alice', details: { ip: '10.0.0.1' } })
  logger.info('quotes " and \\ and \n newline \u001b[31m')
  return { lines: lines(), text: text() }
}

function withoutTime(line: Line): [string, unknown][] {
  return Object.entries(line).filter(([key]) => key !== 'asctime')
}

test("the same events give the lines that Python's logging gives: keys, order, values", () => {
  const golden = parseLines(readFileSync(GOLDEN, 'utf8'))
  const ours = sameEvents().lines
  expect(ours.map((line) => Object.keys(line)[0])).toEqual(ours.map(() => 'asctime'))
  expect(ours.map(withoutTime)).toEqual(golden.map(withoutTime))
})

testWith(python, "the golden file is what this machine's Python writes", async ({ python: program, env }) => {
  const { stdout } = await promisify(execFile)(program, [join(import.meta.dirname, 'golden/events.py')], {
    env: { ...env },
  })
  const golden = parseLines(readFileSync(GOLDEN, 'utf8'))
  const fresh = parseLines(stdout)
  expect(fresh.map(withoutTime)).toEqual(golden.map(withoutTime))
  expect(fresh.map((line) => line['asctime'])).toEqual(
    fresh.map(() => expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}$/) as string),
  )
})

testWith(
  python,
  "asctime is what Python makes of the same time, in the process's own time zone",
  async ({ python: program, env }) => {
    const times = [0, 1, 999, 1_000, 951_782_399_999, 1_774_746_000_123, 1_793_000_000_007, 4_102_444_800_000]
    const script =
      'import logging,sys,json\n' +
      'def fmt(ms):\n' +
      '    r = logging.makeLogRecord({"created": ms // 1000 + (ms % 1000) / 1000, "msecs": ms % 1000})\n' +
      '    return logging.Formatter().formatTime(r)\n' +
      'print(json.dumps([fmt(ms) for ms in json.loads(sys.argv[1])]))'
    for (const TZ of ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Chatham']) {
      const { stdout } = await promisify(execFile)(program, ['-c', script, JSON.stringify(times)], {
        env: { ...env, TZ },
      })
      const ours = inZone(TZ, times)
      expect(ours, TZ).toEqual(JSON.parse(stdout))
    }
  },
)

function inZone(TZ: string, times: readonly number[]): unknown {
  const module = join(import.meta.dirname, '../src/asctime.ts')
  const script = `import(${JSON.stringify(module)}).then(({ createAsctime }) => { const f = createAsctime(); console.log(JSON.stringify(${JSON.stringify(times)}.map(f))) })`
  const options = ['--disable-warning=ExperimentalWarning', '-e', script]
  return JSON.parse(execFileSync(process.execPath, options, { env: { ...process.env, TZ }, encoding: 'utf8' }))
}

test('asctime is right for times in any order, also where they repeat', () => {
  const asctime = createAsctime()
  const times = [5000, 5999, 6000, 5999, 0, 1_774_746_000_123, 1_774_745_999_999]
  expect(times.map((time) => asctime(time))).toEqual(times.map((time) => createAsctime()(time)))
})

testWith(jq, "the guide's commands find the errors and the slow plugins in the log", async ({ folder, env }) => {
  const family = createFamily()
  for (let index = 0; index < 150; index++) family.logger.error(new Error(`failure ${index}`), { index })
  family.logger.info('no errors here')
  family.logger.plugin({ plugin: 'sum', command: 'md5', status: 'success', duration_ms: 12 })
  family.logger.plugin({ plugin: 'grep', command: 'find', status: 'success', duration_ms: 1500 })
  family.logger.plugin({ plugin: 'sum', command: 'sha', status: 'timeout', duration_ms: 30_000 })
  const shell = async (command: string): Promise<string> => {
    const PATH = `${folder}:/usr/bin:/bin`
    const { stdout } = await promisify(execFile)('bash', ['-c', `set -o pipefail; ${command}`], {
      cwd: family.folder,
      env: { ...env, PATH },
    })
    return stdout
  }
  const errors = parseLines(await shell('grep "ERROR" mcp.log | tail -n 100'))
  expect(errors.map((line) => line['error'])).toEqual(
    Array.from({ length: 100 }, (_, index) => `failure ${index + 50}`),
  )
  const slow = await shell(`grep "plugin" mcp.log | jq 'select(.duration_ms > 1000)'`)
  expect(slow.match(/"plugin": "\w+"/g)).toEqual(['"plugin": "grep"', '"plugin": "sum"'])
})
