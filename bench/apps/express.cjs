const express = require('express')

const { tellPort } = require('./control.cjs')

const app = express()
const middleware = process.env.BENCH_MIDDLEWARE
if (middleware) app.use(require(middleware).middleware)
app.get('/orders/:id', (request, response) => {
  response.json({ id: request.params.id, total: 12.5 })
})
const server = app.listen(0, '127.0.0.1', () => tellPort(server))
