import { instrumentHono } from '@mcp/otel-http-instrumentation'

import type { ModuleExportsHook } from './module-exports-hook.ts'

/** The modules of Hono that define its class: the usual one and the presets, each with a router of its own choice. */
export const honoModules: ModuleExportsHook = {
  files: /[\\/]node_modules[\\/]hono[\\/]dist[\\/](?:cjs[\\/])?(?:hono|preset[\\/](?:tiny|quick))\.js$/,
  packages: ['hono'],
  names: ['Hono'],
  observe: (exports) => void instrumentHono(exports),
  what: 'the routes of Hono',
  instead: 'put app.use(honoRoute()) before all routes',
}
