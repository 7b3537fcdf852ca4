/** What is wrong with one argument of a command. */
export interface ArgumentIssue {
  /** Which: a JSON pointer, `/file`; empty for the arguments as a whole. */
  readonly path: string
  readonly message: string
}

/** An error that the client is told about: its status, a code for programs, a message for people. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: number
  readonly code: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(status: number, code: string, message: string, details: Record<string, unknown> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
  }
}
