import type { CopySource, ReducedRows, TableCopy } from '../../plan/primitives.ts'
import type { TableRef } from '../../sql/ast.ts'
import { collationByName } from '../../values/charsets.ts'
import type { Column } from '../../values/column.ts'
import type { PlanContext } from '../plan-context.ts'
import type { Link } from './links.ts'
import { type Pull, reducedRoute } from './pull.ts'
import { valuesOf } from './sizes.ts'
import { tableCopy } from './table-copy.ts'

/** The copies, in the order in which they are filled, each reduced by those before it. */
export function copiesOf(
  pulls: readonly Pull[],
  links: readonly Link[],
  names: ReadonlyMap<TableRef, string>,
  context: PlanContext,
): readonly TableCopy[] {
  const filled: Filled[] = []
  for (const pull of pulls) {
    const name = names.get(pull.node)!
    const same = filled.find((each) => hasAll(each) && isSame(each.pull, pull))
    if (same !== undefined) filled.push({ name, pull, original: same, reduced: [], kept: new Map() })
    else
      filled.push({
        name,
        pull,
        original: undefined,
        reduced: reductions(pull, links, filled, context),
        kept: new Map(),
      })
  }
  return filled.map(({ name, pull, original, reduced, kept }) => {
    const rows: CopySource =
      original === undefined
        ? { kind: 'Pulled', rows: pull.rows, as: pull.as, reduced }
        : { kind: 'Copied', from: original.name }
    return tableCopy(name, pull, rows, kept)
  })
}

interface Filled {
  readonly name: string
  readonly pull: Pull
  /** It has the rows of that one. */
  readonly original: Filled | undefined
  readonly reduced: readonly ReducedRows[]
  readonly kept: Map<number, string | undefined>
}

/** All rows that its conditions leave. */
function hasAll({ original, reduced }: Filled): boolean {
  return original === undefined && reduced.length === 0
}

/** Of a table that is asked without conditions, too: `a JOIN b` where both are the same rows is one pull. */
function isSame(a: Pull, b: Pull): boolean {
  return JSON.stringify([a.rows.query, a.as]) === JSON.stringify([b.rows.query, b.as])
}

function reductions(
  pull: Pull,
  links: readonly Link[],
  before: readonly Filled[],
  context: PlanContext,
): readonly ReducedRows[] {
  return links.flatMap(({ table, column, other, otherColumn }) => {
    if (table !== pull.node) return []
    const linked = before.find((each) => each.pull.node === other)
    const from = linked?.original ?? linked
    const at = from?.pull.columns.findIndex(({ name }) => name === otherColumn.name) ?? -1
    if (from === undefined || at < 0) return []
    from.kept.set(at, charsetOf(otherColumn))
    const among = valuesOf(column, pull, otherColumn, linked!.pull)
    return [{ from: from.name, column: at, among, rows: reducedRoute(pull, column, context) }]
  })
}

/** Undefined for numbers. */
function charsetOf({ collation }: Column): string | undefined {
  return collation === undefined ? undefined : collationByName(collation)?.charset.name
}
