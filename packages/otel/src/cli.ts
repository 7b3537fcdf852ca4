#!/usr/bin/env node
import { commands } from './cli/commands.ts'
import { runCli } from './cli/run-cli.ts'

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', () => process.exit())

process.exitCode = await runCli(process.argv.slice(2), commands, process)
