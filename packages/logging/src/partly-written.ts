/** Of several lines some are in the file; `rest` are those that are not. */
export class PartlyWritten extends Error {
  readonly rest: Buffer

  constructor(cause: Error, rest: Buffer) {
    super(cause.message, { cause })
    this.name = 'PartlyWritten'
    this.rest = rest
  }
}
