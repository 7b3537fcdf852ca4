// The app of test/fixtures/ending with the API that a distribution brings along, whichever version that is.
const { createRequire } = require('node:module')

const endings = require('../../test/fixtures/ending/endings.cjs')

const from = createRequire(process.env.API_FROM)
const api = from('@opentelemetry/api')
const { logs } = api.logs === undefined ? from('@opentelemetry/api-logs') : api
endings({ logs, metrics: api.metrics, trace: api.trace }, (_name, fn) => fn())
