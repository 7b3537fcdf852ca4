/** Where a command writes and what it knows of its surroundings; `process` fits. */
export interface CommandIo {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly stderr: { write(text: string): unknown }
  readonly env: Readonly<Record<string, string | undefined>>
}

/** One command of `mcp-otel`; to add one, add its file and its line in `commands.ts`. */
export interface Command {
  /** As it is typed. */
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Loads what the command needs and runs it; resolves to the exit code. */
  run(argv: readonly string[], io: CommandIo): Promise<number>
}
