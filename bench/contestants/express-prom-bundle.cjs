// express-prom-bundle as its documentation has it, with the labels that the others have.
const promBundle = require('express-prom-bundle')
const { register } = require('prom-client')

const { serveMetrics } = require('../apps/control.cjs')

exports.middleware = promBundle({
  includeMethod: true,
  includePath: true,
  includeStatusCode: true,
  autoregister: false,
  normalizePath: [['^/orders/.*', '/orders/#id']],
})
serveMetrics(register)
