import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

import type { Prometheus } from './components.ts'

/** Returns what `promtool check metrics` finds wrong in a page of text 0.0.4; empty for a clean one. */
export async function promtoolCheckMetrics({ promtool }: Prometheus, page: string): Promise<string> {
  const child = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] })
  const [out, error] = [text(child.stdout), text(child.stderr)]
  child.stdin.end(page)
  return `${await out}${await error}`.trim()
}
