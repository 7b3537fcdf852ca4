import { shown } from './label-values.ts'
import type { NoticeBoard } from './notices.ts'
import type { Observation, ObservedStore } from './observed-store.ts'

/** An instrument that callbacks observe. */
export interface Observed {
  readonly store: ObservedStore
  read(value: unknown, attributes: unknown): Observation | undefined
}

/** What callbacks saw, by instrument. */
export type Observations = Map<ObservedStore, Observation[]>

/** What one run of a callback reports to. */
export interface Observer {
  /** Who collects, if that is known. */
  readonly reader: object | undefined
  take(instrument: unknown, value: unknown, attributes: unknown): void
}

interface Registration {
  readonly callback: unknown
  readonly instruments: readonly Observed[]
  readonly run: (observer: Observer) => unknown
  /** The run that has not ended yet; it never rejects. */
  pending: Promise<Outcome> | undefined
}

type Outcome = { observations: Observations } | { error: unknown }

/** How long a collection waits for callbacks when its reader names no limit, in milliseconds: well under a scrape's. */
export const CALLBACK_TIMEOUT_MILLIS = 5000

/** The callbacks of all observables of a provider. */
export class ObservationCallbacks {
  readonly #notices: NoticeBoard
  #registrations: Registration[] = []

  constructor(notices: NoticeBoard) {
    this.#notices = notices
  }

  add(callback: unknown, instruments: readonly Observed[], run: (observer: Observer) => unknown): void {
    if (this.#find(callback, instruments) !== undefined) return
    this.#registrations.push({ callback, instruments: [...new Set(instruments)], run, pending: undefined })
  }

  delete(callback: unknown, instruments: readonly Observed[]): void {
    const known = this.#find(callback, instruments)
    this.#registrations = this.#registrations.filter((registration) => registration !== known)
  }

  /**
   * Runs every callback once and adds what each saw. One that is still running from an earlier collection is joined, not
   * run again. One that throws, or has not ended in time, is left out and reported in `errors`.
   */
  async observe(
    timeoutMillis: number | undefined,
    into: Observations,
    errors: unknown[],
    reader: object,
  ): Promise<void> {
    const limit = timeoutMillis ?? CALLBACK_TIMEOUT_MILLIS
    const waiting: Promise<void>[] = []
    for (const registration of this.#registrations) {
      const outcome = registration.pending ?? this.#start(registration, reader)
      if (outcome instanceof Promise) waiting.push(this.#wait(registration, outcome, limit, into, errors))
      else this.#add(registration, outcome, into, errors)
    }
    if (waiting.length > 0) await Promise.all(waiting)
  }

  /** Runs the synchronous callbacks that observe these instruments. */
  observeNow(stores: ReadonlySet<ObservedStore>, reader?: object): Observations {
    const into: Observations = new Map()
    for (const registration of this.#registrations) {
      if (registration.pending !== undefined) continue
      if (!registration.instruments.some(({ store }) => stores.has(store))) continue
      const outcome = this.#start(registration, reader)
      if (!(outcome instanceof Promise)) this.#add(registration, outcome, into, [])
    }
    return into
  }

  #start(registration: Registration, reader: object | undefined): Outcome | Promise<Outcome> {
    const observations: Observations = new Map()
    let isOver = false
    const observer: Observer = {
      reader,
      take: (instrument, value, attributes) => {
        const known = registration.instruments.find(
          (candidate) => candidate.store === (instrument as Observed | undefined)?.store,
        )
        if (isOver || known === undefined) return
        const observation = known.read(value, attributes)
        if (observation === undefined) return
        const list = observations.get(known.store)
        if (list === undefined) observations.set(known.store, [observation])
        else list.push(observation)
      },
    }
    const end = (outcome: Outcome): Outcome => {
      isOver = true
      registration.pending = undefined
      return outcome
    }
    try {
      const result = registration.run(observer)
      if (!isThenable(result)) return end({ observations })
      registration.pending = Promise.resolve(result).then(
        () => end({ observations }),
        (error: unknown) => end({ error }),
      )
      return registration.pending
    } catch (error) {
      return end({ error })
    }
  }

  async #wait(
    registration: Registration,
    outcome: Promise<Outcome>,
    limit: number,
    into: Observations,
    errors: unknown[],
  ): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Outcome>((resolve) => {
      timer = setTimeout(() => {
        resolve({
          error: new Error(
            `the callback of ${namesOf(registration)} has not ended within ${limit} ms; its series are left out`,
          ),
        })
      }, limit).unref()
    })
    this.#add(registration, await Promise.race([outcome, late]), into, errors)
    clearTimeout(timer)
  }

  #add(registration: Registration, outcome: Outcome, into: Observations, errors: unknown[]): void {
    if ('error' in outcome) {
      errors.push(outcome.error)
      const names = namesOf(registration)
      this.#notices.warn(
        `callback ${names}`,
        `the callback that observes ${names} failed: ${shown(outcome.error)}; its series are left out until it succeeds`,
      )
      return
    }
    for (const [store, observations] of outcome.observations) {
      const list = into.get(store)
      into.set(store, list === undefined ? observations : list.concat(observations))
    }
  }

  #find(callback: unknown, instruments: readonly Observed[]): Registration | undefined {
    const stores = new Set(instruments.map(({ store }) => store))
    return this.#registrations.find(
      (known) =>
        known.callback === callback &&
        known.instruments.length === stores.size &&
        known.instruments.every(({ store }) => stores.has(store)),
    )
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

function namesOf(registration: Registration): string {
  return registration.instruments.map(({ store }) => store.spec.name).join(', ')
}
