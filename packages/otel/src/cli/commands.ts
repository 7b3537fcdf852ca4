import type { Command } from './command.ts'

/** Every command, in the order of the help text; each loads its code only when it runs. */
export const commands: readonly Command[] = [
  {
    name: 'doctor',
    summary: 'start or reach an app, and say what is wrong with its telemetry',
    run: async (argv, io) => (await import('../doctor/doctor-command.ts')).runDoctorCommand(argv, io),
  },
  {
    name: 'health',
    summary: 'ask a server for its health and show it as a tree',
    run: async (argv, io) => (await import('@mcp/otel-health')).runHealthCommand(argv, io),
  },
  {
    name: 'config',
    summary: 'show the settings in force, and where each comes from',
    run: async (argv, io) => (await import('./config-command.ts')).runConfigCommand(argv, io),
  },
  {
    name: 'audit',
    summary: 'verify an audit trail',
    run: async (argv, io) => (await import('@mcp/otel-logging')).runAuditCommand(argv, io),
  },
  {
    name: 'ops',
    summary: 'write alert rules and dashboards, and check them against a Prometheus',
    run: async (argv, io) => (await import('@mcp/otel-ops')).runOpsCommand(argv, io),
  },
]
