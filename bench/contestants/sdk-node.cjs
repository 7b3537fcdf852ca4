// OpenTelemetry's SDK for Node as its documentation starts it, without instrumentations.
const { NodeSDK } = require('@opentelemetry/sdk-node')

new NodeSDK().start()
