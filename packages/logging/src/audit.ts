/** Verification of audit trails, for programs that do not log. */
export type { AuditKey, AuditSeal } from './audit-chain.ts'
export { runAuditCommand } from './audit-command.ts'
export type { CommandIo } from './audit-command.ts'
export { verifyAudit } from './verify-audit.ts'
export type { AuditProblem, AuditVerdict, VerifyAuditOptions } from './verify-audit.ts'
