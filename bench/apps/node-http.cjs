const { createServer } = require('node:http')

const { tellPort } = require('./control.cjs')

const server = createServer((request, response) => {
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ id: request.url.slice('/orders/'.length), total: 12.5 }))
})
server.listen(0, '127.0.0.1', () => tellPort(server))
