// The server of node-http.cjs, measured by its author with prom-client.
const { createServer } = require('node:http')

const { Counter, Histogram, register } = require('prom-client')

const { serveMetrics, tellPort } = require('./control.cjs')

const requests = new Counter({
  name: 'mcp_requests_total',
  help: 'Total number of requests',
  labelNames: ['method', 'endpoint', 'status'],
})
const duration = new Histogram({
  name: 'mcp_request_duration_seconds',
  help: 'Request duration in seconds',
  labelNames: ['method', 'endpoint'],
})

const server = createServer((request, response) => {
  const start = performance.now()
  response.on('finish', () => {
    const labels = { method: request.method, endpoint: '/orders/:id' }
    requests.inc({ ...labels, status: response.statusCode })
    duration.observe(labels, (performance.now() - start) / 1000)
  })
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ id: request.url.slice('/orders/'.length), total: 12.5 }))
})
server.listen(0, '127.0.0.1', () => tellPort(server))
serveMetrics(register)
