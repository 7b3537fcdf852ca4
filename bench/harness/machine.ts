import { readFileSync } from 'node:fs'
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** Processes that wanted to run when the run began, averaged over a minute. */
  readonly loadAtStart: number
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    loadAtStart: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  }
}

/** Returns the versions of the contestants, by package; those of the workspace that `package.json` names, and the others. */
export function contestantVersions(): Record<string, string> {
  const names = [
    'prom-client',
    '@prometheus-io/client',
    '@opentelemetry/sdk-metrics',
    '@opentelemetry/exporter-prometheus',
  ]
  const inWorkspace = dependenciesOf('../package.json', [...names, 'pino', 'winston', 'winston-daily-rotate-file'])
  return { ...inWorkspace, ...dependenciesOf('../contestants/package.json') }
}

function dependenciesOf(file: string, names?: readonly string[]): Record<string, string> {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(
    readFileSync(new URL(file, import.meta.url), 'utf8'),
  ) as Record<'dependencies' | 'devDependencies', Record<string, string> | undefined>
  const all = { ...dependencies, ...devDependencies }
  return Object.fromEntries(Object.entries(all).filter(([name]) => names === undefined || names.includes(name)))
}
