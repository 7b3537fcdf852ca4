// An app that waits for requests that do not come; tells what it uses of a processor meanwhile.
const { createServer } = require('node:http')

const SETTLING_MS = 3000

createServer(() => {}).listen(0, '127.0.0.1')
setTimeout(() => {
  const cpu = process.cpuUsage()
  const turns = performance.nodeTiming.uvMetricsInfo.loopCount
  const { windowMs } = JSON.parse(process.argv[2])
  setTimeout(() => {
    const { user, system } = process.cpuUsage(cpu)
    const figures = {
      busy: ((user + system) / (windowMs * 1000)) * 100,
      wakeUps: ((performance.nodeTiming.uvMetricsInfo.loopCount - turns) / windowMs) * 60_000,
      rss: process.memoryUsage.rss() / 2 ** 20,
    }
    process.send({ figures, totals: '' }, () => process.exit(0))
  }, windowMs)
}, SETTLING_MS)
