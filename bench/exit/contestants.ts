import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/** A distribution that is loaded by a flag of node's. */
export interface Contestant {
  readonly name: string
  /** Module that `--require` and `--import` name, as a path. */
  readonly register: string
  /** From where its version of the API is found. */
  readonly apiFrom: string
  readonly env: (endpoint: string) => Readonly<Record<string, string>>
}

const PEERS = path.join(import.meta.dirname, '../contestants/package.json')

/** Local detectors only, so that nobody waits for the metadata of a cloud. */
const DETECTORS = { OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,serviceinstance' }

const standard = (endpoint: string) => ({
  ...DETECTORS,
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_TRACES_EXPORTER: 'otlp',
  OTEL_METRICS_EXPORTER: 'otlp',
  OTEL_LOGS_EXPORTER: 'otlp',
})

/** Returns who takes part, ours first; throws when the peers are not installed. */
export function contestants(): Contestant[] {
  const ours = createRequire(path.join(import.meta.dirname, '../../test/package.json'))
  return [
    contestant('@mcp/otel', '@mcp/otel/register', ours, (endpoint) => ({
      ...standard(endpoint),
      MCP_OTEL_PORT: '0',
      MCP_OTEL_BANNER: 'off',
    })),
    peer('@opentelemetry/auto-instrumentations-node', '/register', standard),
    peer('@elastic/opentelemetry-node', '', standard),
    peer('@dash0/opentelemetry', '', (endpoint) => ({
      ...DETECTORS,
      DASH0_OTEL_COLLECTOR_BASE_URL: endpoint,
      DASH0_FLUSH_ON_SIGTERM_SIGINT: 'true',
      DASH0_FLUSH_ON_EMPTY_EVENT_LOOP: 'true',
    })),
  ]
}

function peer(name: string, entry: string, env: Contestant['env']): Contestant {
  const from = createRequire(PEERS)
  try {
    return contestant(name, `${name}${entry}`, from, env)
  } catch (cause) {
    throw new Error(`${name} is not installed; run: npm ci --prefix bench/contestants`, { cause })
  }
}

function contestant(name: string, entry: string, from: NodeJS.Require, env: Contestant['env']): Contestant {
  const register = from.resolve(entry)
  const manifest = packageOf(name, register)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  return { name: `${name} ${version}`, register, apiFrom: manifest, env }
}

/** The package.json above a file; not every package exports its own. */
function packageOf(name: string, file: string): string {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json')
    try {
      if ((JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === name) return manifest
    } catch {
      // Not in this folder.
    }
    if (folder === path.dirname(folder)) throw new Error(`no package.json of ${name} above ${file}`)
  }
}
