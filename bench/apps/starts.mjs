// Tells when its first line runs, and what the process has used by the time that nothing more is being loaded.
const wall = performance.now()

setTimeout(() => {
  const { user, system } = process.cpuUsage()
  const isOn = globalThis[Symbol.for('opentelemetry.js.api.1')]?.trace !== undefined
  const figures = { wall, cpu: (user + system) / 1000, rss: process.memoryUsage.rss() / 2 ** 20 }
  process.send({ figures, totals: isOn ? 'a tracer provider is registered' : '' }, () => process.exit(0))
}, 300)
