/** What a preloaded script needs at the start of a process: it loads neither winston nor anything that writes. */
export { instrumentWinston } from './instrument-winston.ts'
export { claimStdout, isStdoutClaimed } from './stdout-claim.ts'
