import type { Context } from '@opentelemetry/api'

import type { AttributesOf, Catalogue, InstrumentSpec } from './catalogue.ts'

/** The attribute argument may be left out only where the instrument declares none. */
type AttributeArgs<A> = keyof A extends never ? [attributes?: A, context?: Context] : [attributes: A, context?: Context]

interface Series<A> {
  /**
   * Makes the series of these attributes exist at 0; closed attributes that are left out take each of their values.
   * Every open attribute must be given.
   */
  zero(known?: Partial<A>): void
  /** Removes every series whose attributes match: they are gone from the next scrape. */
  remove(match: Partial<A>): void
}

/** A cell found once: recording on it looks nothing up. */
export interface BoundAdder {
  add(value: number, context?: Context): void
}

/** A cell found once: recording on it looks nothing up. */
export interface BoundRecorder {
  record(value: number, context?: Context): void
}

/** A counter or up-down counter with declared attributes. */
export interface TypedAdder<A> extends Series<A> {
  add(value: number, ...rest: AttributeArgs<A>): void
  bind(attributes: A): BoundAdder
}

/** A gauge or histogram with declared attributes. */
export interface TypedRecorder<A> extends Series<A> {
  record(value: number, ...rest: AttributeArgs<A>): void
  bind(attributes: A): BoundRecorder
}

/** What an observable's callback reports to. */
export type Observe<A> = (value: number, ...rest: keyof A extends never ? [attributes?: A] : [attributes: A]) => void

/** An instrument whose values are asked for at each collection. */
export interface TypedObservable<A> {
  /**
   * Adds a callback, synchronous, called once per collection; returns what removes it. `reader` is the same object at each
   * collection of one reader, for what is told anew to each; undefined where another SDK collects.
   */
  observe(callback: (observe: Observe<A>, reader?: object) => void): () => void
}

export type TypedInstrument<S extends InstrumentSpec> = S['kind'] extends 'counter' | 'upDownCounter'
  ? TypedAdder<AttributesOf<S>>
  : S['kind'] extends 'gauge' | 'histogram'
    ? TypedRecorder<AttributesOf<S>>
    : TypedObservable<AttributesOf<S>>

/** The instruments of a catalogue, under the catalogue's own keys. */
export type Instruments<C extends Catalogue> = { readonly [K in keyof C]: TypedInstrument<C[K]> }
