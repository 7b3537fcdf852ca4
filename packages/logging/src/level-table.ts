import { describeValue, processWide } from '@mcp/otel-core'

import { parseLevel, rankOf } from './levels.ts'
import type { LevelName } from './levels.ts'

/**
 * Levels of a family of loggers by name. A name without a level of its own has that of the nearest name above it
 * (`mcp.plugin` above `mcp.plugin.sum`), at last the root's. Levels may change at any time.
 */
export class LevelTable {
  #root: LevelName
  readonly #byName = new Map<string, LevelName>()
  readonly #ranks = new Map<string, number>()

  constructor(root: LevelName, byName: Iterable<readonly [string, LevelName]> = []) {
    this.#root = root
    for (const [name, level] of byName) this.#byName.set(name, level)
    tables().add(new WeakRef(this))
  }

  /** The level of a logger. */
  levelOf(name: string): LevelName {
    for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
      const level = this.#byName.get(name.slice(0, end))
      if (level !== undefined) return level
    }
    return this.#root
  }

  /** How severe an entry of this logger must at least be, as `rankOf` counts. */
  rankOf(name: string): number {
    const known = this.#ranks.get(name)
    if (known !== undefined) return known
    const rank = rankOf(this.levelOf(name))
    this.#ranks.set(name, rank)
    return rank
  }

  /** Sets the level of a name and of what is below it; without a name the root's. */
  set(level: LevelName, name?: string): void {
    if (name === undefined) this.#root = level
    else this.#byName.set(name, level)
    this.#ranks.clear()
  }
}

/**
 * Sets a level at run time, in every logger of this process: of the loggers under `name`, or, without one, of those
 * that have no level of their own. Throws a `TypeError` when there is no such level.
 */
export function setLogLevel(level: string, name?: string): void {
  const parsed = parseLevel(level)
  if (parsed === undefined) throw new TypeError(levelMistake('level', level))
  for (const ref of tables()) {
    const table = ref.deref()
    if (table === undefined) tables().delete(ref)
    else table.set(parsed, name)
  }
}

/** Says what is wrong with a level, and what is accepted. */
export function levelMistake(what: string, value: unknown): string {
  return `${what} is ${describeValue(value)}; expected DEBUG, INFO, WARNING, ERROR or CRITICAL`
}

function tables(): Set<WeakRef<LevelTable>> {
  return processWide<Set<WeakRef<LevelTable>>>('logging.level-tables', () => new Set())
}
