#!/usr/bin/env node
import { writeSync } from 'node:fs'

const commands = {
  environment: () => console.log(JSON.stringify({ names: Object.keys(process.env).toSorted(), cwd: process.cwd() })),
  deaf: () => {
    process.stdin.destroy()
    console.log('"heard nothing"')
  },
  prose: () => console.log('all went well'),
  flood: () => {
    for (;;) writeSync(1, 'x'.repeat(4096))
  },
  silent: () => process.exit(3),
  killed: () => process.kill(process.pid, 'SIGKILL'),
}

commands[process.argv[2]]()
