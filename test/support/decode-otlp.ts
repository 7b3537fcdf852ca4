import { spawn } from 'node:child_process'
import path from 'node:path'
import { text } from 'node:stream/consumers'

import type { PythonClient } from './components.ts'
import type { OtlpBody } from './otlp-bodies.ts'

/** What protoc's decoders made of an export. */
export interface Decoded {
  readonly signal: OtlpBody['signal']
  /** What is not as the definitions have it, by path: unknown fields, ids of a wrong length, values of a wrong type. */
  readonly found: readonly string[]
  /** Spans, data points or log records in it. */
  readonly count: number
  /** All of it in protobuf's text format. */
  readonly text: string
}

/** Decodes many exports in one Python process. */
export async function decodeOtlp(decoders: PythonClient, bodies: readonly OtlpBody[]): Promise<Decoded[]> {
  const script = path.join(import.meta.dirname, 'decode-otlp.py')
  const child = spawn(decoders.python, [script], { env: decoders.env, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = bodies.map(({ body, isJson, signal }) =>
    JSON.stringify({ signal, isJson, body: body.toString('base64') }),
  )
  child.stdin.end(lines.join('\n'))
  const output = (await text(child.stdout)).trim().split('\n')
  return output.map((line, index) => ({ ...(JSON.parse(line) as Decoded), signal: bodies[index]!.signal }))
}
