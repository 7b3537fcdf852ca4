import { createServer } from 'node:http'
import path from 'node:path'

import { getTelemetry, logHealthChanges } from '@mcp/otel'
import { createLogger } from '@mcp/otel-logging'

import manifest from '../package.json' with { type: 'json' }
import { parseCommandLine, type Settings } from './command-line.ts'
import { createApp } from './create-app.ts'
import { startDemoLoad } from './demo-load.ts'
import { listen } from './listen.ts'
import { createPluginHost } from './plugin-host.ts'
import { stopOnSignal } from './stop-on-signal.ts'

const settings = parseCommandLine(process.argv, manifest.version)
const log = createLogger({
  file: settings.logFile,
  level: settings.logLevel,
  console: settings.logConsole ? 'stdout' : false,
})
const host = createPluginHost({ directory: settings.plugins, root: settings.root, log })
// Under `--require @mcp/otel/register` it runs already.
const telemetry = getTelemetry()
logHealthChanges(log)
const server = createServer(createApp({ host, log, telemetry: telemetry?.handler }))

try {
  await host.load()
  const url = await listen(server, settings)
  log.audit('server.start', 'system', { url, root: settings.root })
  process.on('SIGHUP', () => void host.load().catch((error: Error) => log.error(error)))
  const demo = settings.demo
    ? startDemoLoad({ url, rate: settings.demoRate, seconds: settings.demoSeconds })
    : undefined
  stopOnSignal({ server, host, log, demo, health: telemetry?.health, seconds: settings.drainSeconds })
  console.log(greeting(url, settings))
} catch (error) {
  console.error(`plugin-server: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

function greeting(url: string, { root, logFile, demo, demoRate, demoSeconds }: Settings): string {
  const body = `'{"plugin": "checksum", "command": "file", "args": {"file": "README.txt"}}'`
  return `plugin-server listens on ${url}

  metrics  ${url}/metrics
  health   ${url}/health
  help     ${url}/help
  run      curl -s ${url}/run -H 'Content-Type: application/json' -d ${body}

  log      ${logFile}
  files    ${path.relative('', root) || '.'}

${demo ? `It sends itself ${demoRate} requests a second for ${demoSeconds} seconds (--no-demo leaves that out). ` : ''}Ctrl-C ends it.`
}
