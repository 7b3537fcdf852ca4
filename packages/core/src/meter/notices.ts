import { diag } from '@opentelemetry/api'

const NOTICE_LIMIT = 1000

/** Where to say what went wrong; each thing is said once. */
export interface NoticeBoard {
  warn(key: string, message: string): void
}

/** Says each thing once through `diag`, whatever the app's logger does. */
export class Notices implements NoticeBoard {
  readonly #said = new Set<string>()

  warn(key: string, message: string): void {
    if (this.#said.has(key) || this.#said.size >= NOTICE_LIMIT) return
    this.#said.add(key)
    try {
      diag.warn(message)
    } catch {
      // The app's own logger threw: there is nobody left to tell.
    }
  }
}
