#!/usr/bin/env node
import { statfs } from 'node:fs/promises'
import os from 'node:os'
import { json } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

const commands = {
  os: () => ({
    platform: os.platform(),
    release: os.release(),
    architecture: os.arch(),
    node: process.version,
    uptime_seconds: os.uptime(),
  }),

  memory: () => ({ total: os.totalmem(), free: os.freemem(), used: os.totalmem() - os.freemem() }),

  load() {
    const [one, five, fifteen] = os.loadavg()
    return { '1m': one, '5m': five, '15m': fifteen, processors: os.availableParallelism() }
  },

  async disk() {
    const { bsize, blocks, bfree, bavail } = await statfs('.')
    return { total: blocks * bsize, free: bfree * bsize, available: bavail * bsize }
  },

  async cpu({ seconds }) {
    const before = processorTimes()
    await wait(seconds * 1000)
    const after = processorTimes()
    const all = after.all - before.all
    return { seconds, utilization: all > 0 ? 1 - (after.idle - before.idle) / all : 0 }
  },
}

function processorTimes() {
  const times = os.cpus().map((processor) => processor.times)
  const sum = (pick) => times.reduce((total, time) => total + pick(time), 0)
  return { idle: sum((time) => time.idle), all: sum((t) => t.user + t.nice + t.sys + t.idle + t.irq) }
}

try {
  const result = await commands[process.argv[2]](await json(process.stdin))
  console.log(JSON.stringify(result))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
