import type { Context } from '@opentelemetry/api'
import type winston from 'winston'

import type { AuditSeal } from './audit-chain.ts'

/** One served request, as an access line has it. */
export interface AccessFields {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly duration_ms: number
}

/** One execution of a plugin's command, as a plugin line has it. */
export interface PluginFields {
  readonly plugin: string
  readonly command: string
  readonly status: string
  readonly duration_ms: number
}

/** A winston logger with the guide's levels and categories. */
export type Logger = winston.Logger & {
  readonly critical: winston.LeveledLogMethod
  /** Writes what was thrown, with the stacks of its causes, and the context that it happened in. */
  error(error: Error, context?: unknown): Logger
  /** Writes an access line. `context`: the request's, when it is not the active one. */
  access(fields: AccessFields, context?: Context): void
  /** Writes a plugin line. `context`: the execution's, when it is not the active one. */
  plugin(fields: PluginFields, context?: Context): void
  /**
   * Writes an audit line, who did what, to the log and to the audit trail, whatever the level; `details` are cleared of
   * secrets always. Returns the entry's seal in the trail, or undefined where it is not on the disk yet.
   */
  audit(action: string, user: string, details?: unknown): AuditSeal | undefined
  /** Returns the logger of a name in the same family: same transports, own level, `name` in its lines. */
  getLogger(name: string): Logger
  /** Writes all that waits, as far as the system takes it. */
  flush(): void
}
