/** winston's own marks on what it passes on, the same in every copy of it. */
export const LEVEL: unique symbol = Symbol.for('level') as never
export const MESSAGE: unique symbol = Symbol.for('message') as never
export const SPLAT: unique symbol = Symbol.for('splat') as never
