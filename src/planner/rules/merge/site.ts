import type { Vindex } from '../../../vindex/vindex.ts'
import type { Column } from '../../../vschema/model.ts'
import type { BoundTable } from '../../binding/bound.ts'
import { columnOf } from '../../binding/column-type.ts'
import type { Facts } from '../../binding/level.ts'
import { equalColumnsHaveOneId } from '../../binding/same-id.ts'
import { columnKey } from '../../binding/source.ts'
import { functionalVindex } from '../../binding/vindexes.ts'

/**
 * Where a table's rows are: at the keyspace id that `vindex` makes of `columns`, or all at the one that the table is
 * pinned to.
 */
export interface Site {
  readonly table: BoundTable
  readonly vindex: Vindex | undefined
  readonly columns: readonly SiteColumn[]
}

interface SiteColumn {
  readonly key: string
  readonly schema: Column | undefined
}

/** Undefined where nothing says it without asking a lookup table. */
export function siteOf(table: BoundTable): Site | undefined {
  const { instance } = table
  const { pinned } = instance.table
  if (pinned !== undefined) {
    const key = `pinned ${Buffer.from(pinned).toString('hex')}`
    return { table, vindex: undefined, columns: [{ key, schema: undefined }] }
  }
  const primary = functionalVindex(instance.table)
  if (primary === undefined) return undefined
  const columns = primary.columns.map((name) => ({
    key: columnKey({ instance, name: name.toLowerCase() }),
    schema: columnOf(instance.table, name),
  }))
  return { table, vindex: primary.vindex, columns }
}

/** A way for rows of a table to be where those of another one are; `facts` are what holds for the table's rows. */
interface Meeting {
  readonly reason: string
  meets(there: Site, site: Site, facts: Facts): boolean
}

/**
 * `a.v = b.v` for all columns of the same vindex: rows that join have the same keyspace id, whatever the values.
 *
 * Holds for inner joins, for the inner side of an outer join by its ON, for correlated subqueries and for IN, and
 * through other columns (`a.v = c.x AND c.x = b.v`). It does not hold through an equal value: `a.v = 5 AND b.v = 5` may
 * be true of rows on several shards where `=` takes more than one value for 5.
 */
const byColumns: Meeting = {
  reason: 'equal columns of one vindex',
  meets: (there, { vindex, columns }, facts) =>
    vindex !== undefined &&
    there.vindex === vindex &&
    there.columns.every(
      (column, i) =>
        facts.areEqual(column.key, columns[i].key) &&
        equalColumnsHaveOneId(column.schema, columns[i].schema, vindex, i),
    ),
}

/** Tables that are pinned to one keyspace id are on one shard, all of them. */
const pinned: Meeting = {
  reason: 'pinned to one keyspace id',
  meets: (there, site) =>
    site.vindex === undefined &&
    there.vindex === undefined &&
    there.table.instance.table.keyspace === site.table.instance.table.keyspace &&
    there.columns[0].key === site.columns[0].key,
}

export const meetings: readonly Meeting[] = [byColumns, pinned]
