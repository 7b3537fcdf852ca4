import type { Instrumentation, InstrumentationModuleDefinition } from '@opentelemetry/instrumentation'

/** Returns what an instrumentation patches, the very objects that it looks at itself. */
export function moduleDefinitions(instrumentation: Instrumentation): readonly InstrumentationModuleDefinition[] {
  const { _modules: modules } = instrumentation as unknown as { _modules?: readonly InstrumentationModuleDefinition[] }
  return Array.isArray(modules) ? modules : []
}
