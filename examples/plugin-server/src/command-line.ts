import { statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { Command, InvalidArgumentError, Option } from 'commander'

/** How the server is to run. */
export interface Settings {
  readonly port: number
  readonly host: string
  /** Directory whose files the plugins may read. */
  readonly root: string
  /** Directory that holds the plugins, a folder each. */
  readonly plugins: string
  readonly logFile: string
  /** Least severe level that is written. */
  readonly logLevel: string
  /** Whether the log goes to standard output too. */
  readonly logConsole: boolean
  readonly demo: boolean
  /** Requests per second of the demonstration. */
  readonly demoRate: number
  /** Seconds after which the demonstration ends. */
  readonly demoSeconds: number
  /** Seconds that running jobs get when the server is asked to stop. */
  readonly drainSeconds: number
}

const ownDirectory = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** Reads the flags; prints help, version or what is wrong, and then ends the process. */
export function parseCommandLine(argv: readonly string[], version: string): Settings {
  const command = new Command('plugin-server')
    .description('Runs the commands of plugins, one queue per plugin, over HTTP.')
    .option('--port <number>', 'port to listen on; 0 takes a free one', integer(0, 65_535), 5000)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option('--root <directory>', 'directory whose files the plugins may read')
        .argParser(directory)
        .default(ownDirectory('files'), "the example's files"),
    )
    .addOption(
      new Option('--plugins <directory>', 'directory with the plugins, a folder each')
        .argParser(directory)
        .default(ownDirectory('plugins'), "the example's plugins"),
    )
    .option('--log-file <file>', 'where the log goes, one JSON object a line', 'mcp.log')
    .addOption(
      new Option('--log-level <level>', 'least severe level that is written')
        .choices(['debug', 'info', 'warning', 'error', 'critical'])
        .default('info'),
    )
    .option('--log-console', 'write the log to standard output too', false)
    .option('--no-demo', 'do not send requests to itself')
    .option('--demo-rate <number>', 'requests per second that it sends to itself', numberWithin(0.01, 20), 2)
    .option('--demo-seconds <number>', 'how long it does so', numberWithin(1, 3600), 600)
    .option('--drain-seconds <number>', 'how long running jobs may take to end at SIGTERM', numberWithin(0, 600), 10)
    .version(version)
    .addHelpText('after', HELP)
    .showHelpAfterError('(--help lists what there is)')
    .parse(argv)
  return command.opts<Settings>()
}

const HELP = `
Requests:
  POST /run      {"plugin": "checksum", "command": "file", "args": {"file": "README.txt"}}
  GET  /help     the plugins, their commands and arguments
  GET  /jobs/:id what became of a job
  GET  /metrics  Prometheus metrics    } with telemetry in the process:
  GET  /health   health of the parts   } node --require @mcp/otel/register …

Signals:
  SIGTERM, SIGINT  finish the jobs that wait and run, then end
  SIGHUP           read the plugins' directory again`

function integer(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value
    throw new InvalidArgumentError(`Expected an integer from ${minimum} to ${maximum}.`)
  }
}

function numberWithin(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && value >= minimum && value <= maximum) return value
    throw new InvalidArgumentError(`Expected a number from ${minimum} to ${maximum}.`)
  }
}

function directory(text: string): string {
  if (statSync(text, { throwIfNoEntry: false })?.isDirectory()) return path.resolve(text)
  throw new InvalidArgumentError('Expected a directory that exists.')
}
