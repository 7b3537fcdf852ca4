import { queueEngines } from '@mcp/otel-queue-instrumentation'

import type { ModuleExportsHook } from './module-exports-hook.ts'

/** The modules of the libraries whose queues are measured by themselves, by the names of these. */
export const queueModules: Readonly<Record<string, ModuleExportsHook>> = Object.fromEntries(
  queueEngines.map(({ name, files, exports, instrumentModule }) => [
    // A hook's name is part of a line of code.
    name.replaceAll(/\W/g, '_'),
    {
      files,
      packages: [name],
      names: exports,
      observe: instrumentModule,
      what: `queues of ${name}`,
      instead: 'call instrumentQueue() with each',
    },
  ]),
)
