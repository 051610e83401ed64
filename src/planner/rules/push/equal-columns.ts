import type { ColumnName } from '../../../sql/ast.ts'
import { sameColumn } from '../../../vschema/model.ts'
import { isUniqueIn } from '../../binding/live-column.ts'
import { rowsOf } from '../../federate/sizes.ts'
import type { LinkedColumn } from './join-order.ts'
import type { JoinSide } from './join-side.ts'

/** Columns of sides that are equal to each other. */
export class EqualColumns {
  readonly #classes = new Map<string, EqualClass>()

  join(a: LinkedColumn, b: LinkedColumn): void {
    const [one, other] = [this.#classOf(a), this.#classOf(b)]
    if (one === other) return
    const all = { keys: new Set([...one.keys, ...other.keys]), values: valuesOfBoth(one, other) }
    for (const key of all.keys) this.#classes.set(key, all)
  }

  areEqual(a: LinkedColumn, b: LinkedColumn): boolean {
    return this.#classOf(a).keys.has(keyOf(b))
  }

  /** A table has each of its values once. */
  isUnique(column: LinkedColumn): boolean {
    return Number.isFinite(this.#classOf(column).values.unique)
  }

  /** About how many values there are of it: no more than rows of a table in which each is once. */
  valuesOf(column: LinkedColumn): number {
    const { unique, rows } = this.#classOf(column).values
    return Math.min(unique, rows)
  }

  #classOf(column: LinkedColumn): EqualClass {
    const key = keyOf(column)
    return this.#classes.get(key) ?? { keys: new Set([key]), values: valuesOf(column) }
  }
}

interface EqualClass {
  readonly keys: ReadonlySet<string>
  readonly values: Values
}

/** Rows of the smallest table in which each value is once, infinite without any, and rows of the largest table. */
interface Values {
  readonly unique: number
  readonly rows: number
}

function valuesOfBoth({ values: a }: EqualClass, { values: b }: EqualClass): Values {
  return { unique: Math.min(a.unique, b.unique), rows: Math.max(a.rows, b.rows) }
}

function valuesOf({ side, column }: LinkedColumn): Values {
  const { instance } = side.tableOf(column)
  const rows = rowsOf(instance)
  const isUnique = isUniqueIn(instance.table, (name) => sameColumn(name, column.name))
  return { unique: isUnique ? rows : Number.POSITIVE_INFINITY, rows }
}

function keyOf({ side, column }: { readonly side: JoinSide; readonly column: ColumnName }): string {
  return `${side.tableOf(column).instance.id}.${column.name.toLowerCase()}`
}
