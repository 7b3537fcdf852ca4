import { VERSION } from '../version.ts'
import type { Command, CommandIo } from './command.ts'

/** Runs `mcp-otel` with these arguments; resolves to the exit code. Never rejects. */
export async function runCli(argv: readonly string[], commands: readonly Command[], io: CommandIo): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const topic = commands.find((command) => command.name === rest[0])
    if (topic !== undefined) return topic.run(['--help'], io)
    io.stdout.write(usage(commands))
    return 0
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    io.stdout.write(`${VERSION}\n`)
    return 0
  }
  const command = commands.find((each) => each.name === name)
  if (command === undefined) {
    const names = commands.map((each) => each.name).join(', ')
    io.stderr.write(`mcp-otel: there is no command "${name}"; expected one of ${names}, or --help\n`)
    return 1
  }
  try {
    return await command.run(rest, io)
  } catch (error) {
    io.stderr.write(`mcp-otel ${name}: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

function usage(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return `Usage: mcp-otel <command> [options]

Metrics, health, logs and traces of MCP servers. To make a server observable, start it with

  node --require @mcp/otel/register app.js

Commands:
${list.join('\n')}

\`mcp-otel <command> --help\` tells more; \`mcp-otel --version\` prints the version.
`
}
