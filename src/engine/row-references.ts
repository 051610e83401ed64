import type { EnteredForeignKey, SplitInsert } from '../plan/write-primitives.ts'
import { areSame, firstMissing, notThere } from './foreign-keys.ts'
import type { ShardInsert } from './insert-split.ts'
import type { RunContext } from './run-context.ts'

/** A row of an INSERT, and its position among those of its shard. */
export interface OwnRow {
  readonly own: ShardInsert['rows']
  readonly i: number
}

/** As the statement has them. */
export function inOrder(inserts: readonly ShardInsert[]): readonly OwnRow[] {
  return inserts
    .flatMap(({ rows: own }) => own.numbers.map((number, i) => ({ number, own, i })))
    .sort((a, b) => a.number - b.number)
}

/** What rows of an INSERT refer to. */
export class RowReferences {
  readonly #plan: SplitInsert
  readonly #references: readonly EnteredForeignKey[]
  readonly #context: RunContext

  constructor(plan: SplitInsert, context: RunContext) {
    this.#plan = plan
    this.#references = plan.entered?.references ?? []
    this.#context = context
  }

  get isEmpty(): boolean {
    return this.#references.length === 0 && this.#plan.entered?.met?.upkeep.foreignKeys === undefined
  }

  /** Whether some row of them may refer to what is not there: to another of them, perhaps. */
  async areMissing(inserts: readonly ShardInsert[]): Promise<boolean> {
    return this.#references.length > 0 && (await this.#firstMissing(inOrder(inserts))) !== undefined
  }

  /** Throws as a server that looks at foreign keys before all others. */
  async checkBefore(row: OwnRow): Promise<void> {
    if (this.#plan.looksFirst === true) await this.#check(row)
  }

  /** Throws as the others. A row that has changed another (`isUpdate`) has been looked at with that. */
  async checkBehind(row: OwnRow, isUpdate: boolean): Promise<void> {
    if (this.#plan.looksFirst !== true && !isUpdate) await this.#check(row)
  }

  async #check(row: OwnRow): Promise<void> {
    const missing = this.#references.length === 0 ? undefined : await this.#firstMissing([row])
    if (missing !== undefined) throw notThere(missing.key, this.#context)
  }

  #firstMissing(rows: readonly OwnRow[]) {
    return firstMissing(
      this.#references.map(({ key }) => key),
      rows.map((row) => this.#references.map((reference) => askedOf(row, reference))),
      this.#context,
    )
  }
}

/** A row may be what it refers to itself. */
function askedOf({ own, i }: OwnRow, { columns, itself }: EnteredForeignKey) {
  const values = own.stored(i, columns)
  return itself !== undefined && areSame(values, own.stored(i, itself)) ? undefined : values
}
