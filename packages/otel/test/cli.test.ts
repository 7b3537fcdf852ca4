import { describe, expect, test } from 'vitest'

import { commands } from '../src/cli/commands.ts'
import { runCli } from '../src/cli/run-cli.ts'

async function run(args: readonly string[], env: Record<string, string> = {}) {
  let stdout = ''
  let stderr = ''
  const io = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env,
  }
  const code = await runCli(args, commands, io)
  return { code, stdout, stderr }
}

describe('mcp-otel', () => {
  test.each([[[]], [['--help']], [['-h']], [['help']]])('%j shows how to use it', async (args) => {
    const { code, stdout } = await run(args)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Usage: mcp-otel <command>/)
    for (const { name } of commands) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  test.each(['--version', '-v', 'version'])('%s prints the version', async (flag) => {
    expect(await run([flag])).toEqual({ code: 0, stdout: '0.0.0\n', stderr: '' })
  })

  test('names the commands there are when it is given none of them', async () => {
    expect(await run(['helth'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `mcp-otel: there is no command "helth"; expected one of ${commands.map(({ name }) => name).join(', ')}, or --help\n`,
    })
  })

  test.each(commands.map(({ name }) => name))('%s --help and help %s tell more', async (name) => {
    const help = await run([name, '--help'])
    expect(help.code).toBe(0)
    expect(help.stdout).toMatch(new RegExp(`^Usage: mcp-otel ${name}`))
    expect(await run(['help', name])).toEqual(help)
  })

  test('an argument that a command does not know is named', async () => {
    const { code, stderr } = await run(['config', '--jsn'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mcp-otel config: Unknown option '--jsn'/)
  })
})

describe('mcp-otel config', () => {
  test('shows each setting with its value and what set it, and no secret', async () => {
    const { code, stdout, stderr } = await run(['config'], { MCP_OTEL_PORT: '9000', MCP_OTEL_TOKEN: 'hush' })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^endpoint\.port +9000 +MCP_OTEL_PORT$/m)
    expect(stdout).toMatch(/^endpoint\.token +\[redacted\] +MCP_OTEL_TOKEN$/m)
    expect(stdout).toMatch(/^metrics\.seriesLimit +2000 +default$/m)
    expect(stdout).not.toContain('hush')
  })

  test('names what is wrong, and says so by its exit code', async () => {
    const { code, stderr } = await run(['config'], { MCP_OTEL_PORT: 'abc' })
    expect([code, stderr]).toEqual([1, 'MCP_OTEL_PORT is "abc"; expected an integer from 0 to 65535; using 9464\n'])
  })

  test('--json is one object', async () => {
    const { stdout } = await run(['config', '--json'], { MCP_OTEL_PORT: '9000' })
    const shown = JSON.parse(stdout) as { config: Record<string, string>; origins: Record<string, string> }
    expect(shown.config['endpoint.port']).toBe('9000')
    expect(shown.origins['endpoint.port']).toBe('MCP_OTEL_PORT')
  })
})
