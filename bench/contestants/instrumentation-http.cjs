// OpenTelemetry's SDK for Node with its instrumentation of node:http; the environment says what is exported.
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
const { NodeSDK } = require('@opentelemetry/sdk-node')

new NodeSDK({ instrumentations: [new HttpInstrumentation()] }).start()
