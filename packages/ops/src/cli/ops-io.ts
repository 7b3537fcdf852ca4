/** Where the command writes; `process` fits. */
export interface OpsIo {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}
