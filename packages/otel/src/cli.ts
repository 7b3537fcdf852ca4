#!/usr/bin/env node
import { commands } from './cli/commands.ts'
import { runCli } from './cli/run-cli.ts'

process.exitCode = await runCli(process.argv.slice(2), commands, process)
