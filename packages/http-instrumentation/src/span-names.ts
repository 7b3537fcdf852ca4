/** Where routes are not templates but paths, there is no end of names. */
const MOST_KEPT = 1000

/** Names of server spans: the same text for the same route, which who writes spans one after the other need not write again. */
export class SpanNames {
  readonly #byMethod = new Map<string, Map<string, string>>()
  #count = 0

  of(method: string, route: string): string {
    const known = this.#byMethod.get(method)?.get(route)
    return known ?? this.#keep(method, route)
  }

  #keep(method: string, route: string): string {
    if (this.#count++ >= MOST_KEPT) {
      this.#byMethod.clear()
      this.#count = 1
    }
    const name = `${method} ${route}`
    const byRoute = this.#byMethod.get(method)
    if (byRoute === undefined) this.#byMethod.set(method, new Map([[route, name]]))
    else byRoute.set(route, name)
    return name
  }
}
