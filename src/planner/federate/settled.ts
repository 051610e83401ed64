import type { Expr, Query, TableRef } from '../../sql/ast.ts'
import { type AnyNode, rewrite } from '../../sql/visit.ts'
import { makeTrue } from '../make-node.ts'
import { isNamedIn, namedColumns } from './copied-columns.ts'
import type { Wanted } from './pull.ts'

type Columns = Pick<Wanted, 'columns' | 'empty'>

/** What is left to ask once copies have been filled by conditions of their own. */
export class Settled {
  readonly query: Query
  readonly #named: ReturnType<typeof namedColumns>

  /**
   * Each row of a copy is LIKE what its table's is asked for: that need not be asked again, and long texts that nothing else looks at
   * need not come. Other conditions are left: their constants may warn, and their columns are short.
   */
  constructor(query: Query, conditions: ReadonlyMap<TableRef, readonly Expr[]>) {
    const asked = new Set<AnyNode>([...conditions.values()].flat().filter(({ kind }) => kind === 'Like'))
    this.query =
      asked.size === 0 ? query : rewrite(query, (node) => (asked.has(node) ? makeTrue() : undefined))
    this.#named = namedColumns(this.query)
  }

  /** The columns that are filled: those of the primary key tell rows apart. */
  columnsOf({ node, columns, keys, computed }: Omit<Wanted, 'conditions' | 'lock' | 'empty'>): Columns {
    const primary = keys.find(({ kind }) => kind === 'PRIMARY')
    const own = new Set(primary?.parts.map(({ column }) => column))
    const isFilled = (column: Wanted['columns'][number]) =>
      own.has(column.name) ||
      computed.some((each) => each.column === column) ||
      isNamedIn(this.#named, node, column)
    const filled = columns.filter(isFilled)
    return filled.length === 0
      ? { columns, empty: [] }
      : { columns: filled, empty: columns.filter((column) => !filled.includes(column)) }
  }
}
