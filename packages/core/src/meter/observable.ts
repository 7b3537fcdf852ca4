import type { Attributes, Observable, ObservableCallback, ObservableResult } from '@opentelemetry/api'

import type { ObservationCallbacks } from './observation-callbacks.ts'
import type { Observation, ObservedStore } from './observed-store.ts'
import { TYPED } from './sync-instrument.ts'

/** Callbacks of ours learn who collects. */
type OwnResult = ObservableResult & { readonly reader?: object | undefined }

/** Observable over own cells. */
export class CellObservable implements Observable {
  readonly store: ObservedStore
  readonly #callbacks: ObservationCallbacks
  /** The app's callbacks, each with what is registered for it at another SDK's instrument. */
  readonly #own = new Map<ObservableCallback, ObservableCallback>()
  #foreign: Observable | undefined
  readonly #onObserve: () => void

  constructor(store: ObservedStore, callbacks: ObservationCallbacks, onObserve: () => void = () => {}) {
    this.store = store
    this.#callbacks = callbacks
    this.#onObserve = onObserve
  }

  get [TYPED](): true {
    return true
  }

  addCallback(callback: ObservableCallback): void {
    if (this.#own.has(callback)) return
    this.#callbacks.add(callback, [this], (observer) => {
      const result: OwnResult = {
        observe: (value, attributes) => observer.take(this, value, attributes),
        reader: observer.reader,
      }
      return callback(result)
    })
    const checked = this.#checked(callback)
    this.#own.set(callback, checked)
    this.#foreign?.addCallback(checked)
    this.#onObserve()
  }

  removeCallback(callback: ObservableCallback): void {
    this.#callbacks.delete(callback, [this])
    const checked = this.#own.get(callback)
    if (checked !== undefined) this.#foreign?.removeCallback(checked)
    this.#own.delete(callback)
  }

  /** Adds a callback of the typed kind; returns what removes it. */
  observe(callback: (observe: (value: number, attributes?: Attributes) => void, reader?: object) => void): () => void {
    const own: ObservableCallback = (result: OwnResult) =>
      callback((value, attributes) => result.observe(value, attributes), result.reader)
    this.addCallback(own)
    return () => this.removeCallback(own)
  }

  /** Lets another SDK's instrument ask the callbacks, the present and the future ones; `undefined` ends that. */
  forwardTo(foreign: Observable | undefined): void {
    if (this.#foreign === foreign) return
    for (const checked of this.#own.values()) {
      this.#foreign?.removeCallback(checked)
      foreign?.addCallback(checked)
    }
    this.#foreign = foreign
  }

  /** Returns one value with its labels, or `undefined` after counting the refusal. */
  read(value: unknown, attributes: unknown): Observation | undefined {
    if (!this.store.takes(value)) return undefined
    const labels = this.store.labelsOf(attributes)
    // Adding 0 turns -0, which no page should show, into 0.
    return labels && { labels, value: value + 0 }
  }

  /** Another SDK is to see only what is valid. */
  #checked(callback: ObservableCallback): ObservableCallback {
    return (result) =>
      callback({
        observe: (value, attributes) => {
          const seen = this.read(value, attributes)
          if (seen !== undefined) result.observe(seen.value, this.store.cells.attributesOf(seen.labels))
        },
      })
  }
}
