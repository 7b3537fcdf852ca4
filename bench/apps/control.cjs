// What a server under load tells the process that started it: its port, and its processor time whenever it is asked.
exports.tellPort = (server) => {
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send({ cpu: user + system, rss: process.memoryUsage.rss() })
  })
  process.on('disconnect', () => process.exit())
  process.send({ port: server.address().port })
}

// Serves what prom-client has gathered where the other contestants serve theirs.
exports.serveMetrics = (register) => {
  const { createServer } = require('node:http')
  const server = createServer(async (_request, response) => response.end(await register.metrics()))
  server.listen(Number(process.env.OTEL_EXPORTER_PROMETHEUS_PORT), '127.0.0.1')
}
