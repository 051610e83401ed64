import type { ConstantCondition } from '../../plan/routing.ts'
import type { PlanList, PlanValue } from '../../plan/values.ts'
import { valueKey } from '../values.ts'

/** One way for an OR to be true: values of some columns, by column key. */
export type Alternative = ReadonlyMap<string, PlanValue>

/**
 * What must hold for a row to come through one level of a query: the conjuncts of WHERE and of inner joins, or those
 * of one outer join's ON, which bind only its inner side. A level sees the facts of the levels around it.
 */
export class Level {
  readonly parent: Level | undefined
  /** The level around, which this one has become a part of. */
  #within: Level | undefined
  readonly #columnPairs: (readonly [string, string])[] = []
  readonly #values = new Map<string, { readonly columns: string[]; readonly value: PlanValue }>()
  readonly #lists: { readonly column: string; readonly list: PlanList }[] = []
  readonly #patterns: { readonly column: string; readonly pattern: PlanValue }[] = []
  readonly #bounds: Bound[] = []
  readonly #constants: ConstantCondition[] = []
  readonly #alternatives: (readonly Alternative[])[] = []

  constructor(parent?: Level) {
    this.parent = parent
  }

  addEqualColumns(a: string, b: string): void {
    this.#columnPairs.push([a, b])
  }

  addValue(column: string, value: PlanValue): void {
    const key = valueKey(value)
    const known = this.#values.get(key)
    if (known === undefined) this.#values.set(key, { columns: [column], value })
    else known.columns.push(column)
  }

  addList(column: string, list: PlanList): void {
    this.#lists.push({ column, list })
  }

  addPattern(column: string, pattern: PlanValue): void {
    this.#patterns.push({ column, pattern })
  }

  addBound(column: string, side: Bound['side'], value: PlanValue): void {
    this.#bounds.push({ column, side, value })
  }

  addConstant(condition: ConstantCondition): void {
    this.#constants.push(condition)
  }

  /** What must be true for any row of this level; those around it may have one row without any (`SELECT COUNT(*) … WHERE 1 = 0`). */
  get constants(): readonly ConstantCondition[] {
    return this.#outermost().#constants
  }

  addAlternatives(alternatives: readonly Alternative[]): void {
    this.#alternatives.push(alternatives)
  }

  /** Takes over what holds inside, for an inner query whose rows all come through: its rows are rows of this level. */
  absorb(inner: Level): void {
    inner.#within = this
    this.#columnPairs.push(...inner.#columnPairs)
    for (const { columns, value } of inner.#values.values())
      for (const column of columns) this.addValue(column, value)
    this.#lists.push(...inner.#lists)
    this.#patterns.push(...inner.#patterns)
    this.#bounds.push(...inner.#bounds)
    this.#constants.push(...inner.#constants)
    this.#alternatives.push(...inner.#alternatives)
  }

  /** Whether rows of the one level are rows of the other. */
  is(other: Level): boolean {
    return this.#outermost() === other.#outermost()
  }

  #outermost(): Level {
    return this.#within === undefined ? this : this.#within.#outermost()
  }

  /** The facts of this level and those around it. `byColumnsOnly`: without equality to a value in common. */
  facts(options: { readonly byColumnsOnly?: boolean } = {}): Facts {
    const facts = new Facts()
    for (let level: Level | undefined = this.#outermost(); level !== undefined; level = level.parent) {
      for (const [a, b] of level.#columnPairs) facts.join(a, b)
      for (const [key, { columns, value }] of level.#values) {
        for (const column of columns) {
          facts.noteValue(column, key, value)
          if (options.byColumnsOnly !== true) facts.join(column, key)
        }
      }
      facts.lists.push(...level.#lists)
      facts.patterns.push(...level.#patterns)
      facts.bounds.push(...level.#bounds)
      facts.alternatives.push(...level.#alternatives)
    }
    return facts
  }
}

/** The column is not below, or not above, the value. */
interface Bound {
  readonly column: string
  readonly side: 'low' | 'high'
  readonly value: PlanValue
}

/** Classes of equal columns and values. */
export class Facts {
  readonly lists: { readonly column: string; readonly list: PlanList }[] = []
  readonly patterns: { readonly column: string; readonly pattern: PlanValue }[] = []
  readonly bounds: Bound[] = []
  readonly alternatives: (readonly Alternative[])[] = []
  readonly #parents = new Map<string, string>()
  readonly #values: { readonly column: string; readonly key: string; readonly value: PlanValue }[] = []

  join(a: string, b: string): void {
    this.#parents.set(this.#root(a), this.#root(b))
  }

  noteValue(column: string, key: string, value: PlanValue): void {
    this.#values.push({ column, key, value })
  }

  areEqual(a: string, b: string): boolean {
    return this.#root(a) === this.#root(b)
  }

  /** A value that the column must be equal to: `isTold` keeps those that can be told, and what need not be computed is better. */
  valueOf(column: string, isTold: (value: PlanValue) => boolean): PlanValue | undefined {
    const values = this.#values.filter(({ column: of, value }) => this.areEqual(of, column) && isTold(value))
    return (values.find(({ value }) => value.kind !== 'Computed') ?? values[0])?.value
  }

  /** A list that the column must be in. */
  listOf(column: string, isTold: (value: PlanValue) => boolean): PlanList | undefined {
    const isListTold = (list: PlanList) => list.kind !== 'Values' || list.values.every(isTold)
    return this.lists.find(({ column: of, list }) => this.areEqual(of, column) && isListTold(list))?.list
  }

  /** A pattern that the column must be LIKE. What is equal to it need not be: `'a' = 'a '`. */
  patternOf(column: string): PlanValue | undefined {
    return this.patterns.find((known) => known.column === column)?.pattern
  }

  /** A value that the column is not below, or not above. */
  boundOf(column: string, side: Bound['side'], isTold: (value: PlanValue) => boolean): PlanValue | undefined {
    const isOf = (bound: Bound) => bound.column === column && bound.side === side && isTold(bound.value)
    return this.bounds.find(isOf)?.value
  }

  #root(key: string): string {
    let at = key
    for (let parent = this.#parents.get(at); parent !== undefined; parent = this.#parents.get(at)) {
      if (parent === at) return at
      at = parent
    }
    return at
  }
}
