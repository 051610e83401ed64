import type { CopySource, ReducedRows, TableCopy } from '../../plan/primitives.ts'
import type { TableRef } from '../../sql/ast.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { charsetOf } from '../binding/column-type.ts'
import type { PlanContext } from '../plan-context.ts'
import type { Link } from './links.ts'
import { orderOfPulls } from './order-of-pulls.ts'
import { type Pull, reducedRoute } from './pull.ts'
import { LinkedValues } from './sizes.ts'
import { tableCopy } from './table-copy.ts'

/** The columns of which values are kept, with the character set of texts. */
type Kept = TableCopy['kept']

export interface Copies {
  readonly copies: readonly TableCopy[]
  /** Of each of the groups. */
  readonly keptOfGroups: readonly Kept[]
}

/** The copies, in the order in which they are filled, each reduced by those before it, and by groups. */
export function copiesOf(
  {
    pulls,
    groups,
    links,
  }: { readonly pulls: readonly Pull[]; readonly groups: readonly Pull[]; readonly links: readonly Link[] },
  names: ReadonlyMap<TableRef, string>,
  context: PlanContext,
): Copies {
  const ofGroups = groups.map(
    (pull): Filled => ({ name: pull.table.name, pull, original: undefined, reduced: [], kept: new Map() }),
  )
  const filled = [...ofGroups]
  const values = new LinkedValues([...groups, ...pulls], links)
  for (const pull of orderOfPulls({ first: groups, others: pulls, links }, values)) {
    const name = names.get(pull.node)!
    const alike = filled.filter((each) => each.original === undefined && isSame(each.pull, pull))
    const whole = alike.find((each) => each.reduced.length === 0)
    const reduced = whole === undefined ? reductions(pull, links, values, filled, context) : []
    const original = whole ?? alike.find((each) => areSame(each.reduced, reduced))
    filled.push({ name, pull, original, reduced, kept: new Map() })
  }
  const copies = filled.slice(groups.length).map(({ name, pull, original, reduced, kept }) => {
    const rows: CopySource =
      original === undefined
        ? { kind: 'Pulled', rows: pull.rows, as: pull.as, reduced, ...(pull.distinct && { distinct: true }) }
        : { kind: 'Copied', from: original.name }
    return tableCopy(name, pull, rows, kept)
  })
  return { copies, keptOfGroups: ofGroups.map(({ kept }) => kept) }
}

interface Filled {
  readonly name: string
  readonly pull: Pull
  /** It has the rows of that one. */
  readonly original: Filled | undefined
  readonly reduced: readonly ReducedRows[]
  readonly kept: Map<number, string | undefined>
}

/** Of a table that is asked without conditions, too: `a JOIN b` where both are the same rows is one pull. */
function isSame(a: Pull, b: Pull): boolean {
  if (a.rows.kind !== 'Route' || b.rows.kind !== 'Route') return false
  return JSON.stringify([a.rows.query, a.as]) === JSON.stringify([b.rows.query, b.as])
}

/** By the same rows of the same copies. */
function areSame(a: readonly ReducedRows[], b: readonly ReducedRows[]): boolean {
  const texts = [a, b].map((reduced) =>
    JSON.stringify(reduced.map(({ from, column, rows }) => [from, column, rows.query])),
  )
  return texts[0] === texts[1]
}

function reductions(
  pull: Pull,
  links: readonly Link[],
  values: LinkedValues,
  before: readonly Filled[],
  context: PlanContext,
): readonly ReducedRows[] {
  const known = links.flatMap((link) => {
    if (link.table !== pull.node) return []
    const linked = before.find((each) => each.pull.node === link.other)
    const from = linked?.original ?? linked
    const at = from?.pull.columns.findIndex(({ name }) => name === link.otherColumn.name) ?? -1
    if (from === undefined || at < 0) return []
    from.kept.set(at, charsetOf(link.otherColumn))
    return [{ link, from: from.name, column: at }]
  })
  const columns = known.map(({ link }) => link.column)
  return known.map(({ link, from, column }, i) => ({
    from,
    column,
    name: quoteName(link.column.name),
    among: values.of(link),
    rows: reducedRoute(pull, columns, i, context),
  }))
}
