#!/usr/bin/env node
import { appendFileSync, existsSync } from 'node:fs'
import { json } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

const { name } = await json(process.stdin)
appendFileSync('journal', `start ${name} ${process.pid}\n`)
while (!existsSync(`${name}.release`)) await wait(5)
appendFileSync('journal', `end ${name} ${process.pid}\n`)
console.log(JSON.stringify({ name }))
