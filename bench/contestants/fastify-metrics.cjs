// fastify-metrics as its documentation has it.
const { register } = require('@prometheus-io/client')

const { serveMetrics } = require('../apps/control.cjs')

exports.plugin = require('fastify-metrics')
exports.options = { defaultMetrics: { enabled: false }, endpoint: '/metrics', promClient: null }
serveMetrics(register)
