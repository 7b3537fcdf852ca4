#!/usr/bin/env node
import { appendFileSync, existsSync } from 'node:fs'
import { json } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

// A server that was killed leaves nobody to wait for.
const server = process.ppid
const { name } = await json(process.stdin)
appendFileSync('journal', `start ${name} ${process.pid}\n`)
while (!existsSync(`${name}.release`) && process.ppid === server) await wait(5)
appendFileSync('journal', `end ${name} ${process.pid}\n`)
console.log(JSON.stringify({ name }))
