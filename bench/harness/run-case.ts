import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import type { CaseResult } from './child.ts'

export interface CaseProcess {
  /** Script, relative to the folder of the benchmarks. */
  readonly script: string
  readonly input: unknown
  readonly nodeOptions?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

const benchFolder = new URL('../', import.meta.url)
/** Where Node finds the packages that its options name. */
export const contestantsFolder = new URL('contestants/', benchFolder)
const STDERR_LENGTH = 2000
const CONFIGURING = /^(OTEL|MCP_OTEL|DASH0|ELASTIC|SENTRY|TRACELOOP|NODE_OPTIONS)/

/** Runs one case in a process of its own; rejects with what it said when it fails, takes too long, or gives nothing. */
export function runCase({
  script,
  input,
  nodeOptions = [],
  env = {},
  timeoutMs = 120_000,
}: CaseProcess): Promise<CaseResult> {
  const child = fork(fileURLToPath(new URL(script, benchFolder)), [JSON.stringify(input)], {
    execArgv: [...nodeOptions],
    cwd: contestantsFolder,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let stderr = ''
  let result: CaseResult | undefined
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_LENGTH)))
  child.on('message', (message) => (result = message as CaseResult))
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (result !== undefined) resolve(result)
      else reject(new Error(`ended with ${code ?? signal} and no result: ${stderr.trim() || 'it said nothing'}`))
    })
  })
}

/** The environment without what would configure a contestant from outside. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !CONFIGURING.test(name)))
}
