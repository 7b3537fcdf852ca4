const fastify = require('fastify')

const { tellPort } = require('./control.cjs')

async function start() {
  const app = fastify()
  const middleware = process.env.BENCH_MIDDLEWARE
  if (middleware) await app.register(require(middleware).plugin, require(middleware).options)
  app.get('/orders/:id', async (request) => ({ id: request.params.id, total: 12.5 }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  tellPort(app.server)
}

void start()
