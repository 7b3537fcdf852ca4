import { queueLibraries } from '@mcp/otel-queue-instrumentation'

import { libraryParts } from './library-parts.ts'
import type { ModuleExportsHook } from './module-exports-hook.ts'

/** The modules of the libraries whose queues are measured by themselves, by the names of these. */
export const queueModules: Readonly<Record<string, ModuleExportsHook>> = Object.fromEntries(
  Object.values(queueLibraries).map(({ name, package: packageName, files, exports }) => [
    // A hook's name is part of a line of code.
    name.replaceAll(/\W/g, '_'),
    {
      files,
      packages: [packageName],
      names: exports,
      observe: (...given) =>
        libraryParts.queues.queueEngines.find((engine) => engine.name === name)?.instrumentModule(...given),
      what: `queues of ${name}`,
      instead: 'call instrumentQueue() with each',
    },
  ]),
)
