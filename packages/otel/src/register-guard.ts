import { isMainThread } from '@mcp/otel-core/main-thread'

/** Programs that NODE_OPTIONS reaches on the way to the app: they are not the app, and must not take its port. */
const LAUNCHERS = /(?:^|[\\/])(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack|mcp-otel)(?:-cli)?(?:\.[cm]?js)?$/

/**
 * Tells whether to start here: in the app's main thread, not in a loader or worker thread, which inherit `--require`,
 * not in a package manager on the way to the app, and not when it is switched off.
 */
export function isForTheApp(env: NodeJS.ProcessEnv, entry: string | undefined): boolean {
  if (!isMainThread()) return false
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false
  return entry === undefined || !isLauncher(entry)
}

/** Whether a program only stands on the way to the app. */
export function isLauncher(entry: string): boolean {
  return LAUNCHERS.test(entry)
}
