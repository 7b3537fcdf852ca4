// An app that knows nothing of telemetry, as a CommonJS module.
const express = require('express')

const users = new Map([['1', { id: '1', name: 'Ada' }]])
const app = express()

app.get('/', (_request, response) => {
  response.send('hello\n')
})

app.get('/users/:id', (request, response) => {
  const user = users.get(request.params.id)
  if (user) response.json(user)
  else response.status(404).json({ error: 'no such user' })
})

app.get('/broken', () => {
  throw new Error('this route is broken')
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`)
})
