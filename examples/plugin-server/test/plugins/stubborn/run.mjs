#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'

process.on('SIGTERM', () => {})
// Not for ever, should the server fail to end it.
const endless = 'process.on("SIGTERM", () => {}); setTimeout(() => {}, 60000); console.log("ready")'
const child = spawn(process.execPath, ['-e', endless], { stdio: ['ignore', 'pipe', 'inherit'] })
await once(child.stdout, 'data')
writeFileSync('stubborn.pids', `${process.pid} ${child.pid}`)
setTimeout(() => {}, 60_000)
