import type { Vindex } from '../../vindex/vindex.ts'
import type { Column, ColumnVindex } from '../../vschema/model.ts'
import type { Member } from '../semantics/analysis.ts'
import { columnOf } from '../semantics/column-type.ts'
import { columnKey } from '../semantics/source.ts'
import { unplanned } from '../unplanned.ts'

/**
 * Tables that one shard can join by itself: for each row of the answer, all rows that have to do with it lie on the
 * shard of `places`, which are all the same place.
 */
export interface Group {
  readonly keyspace: string
  readonly members: readonly Member[]
  readonly places: readonly GroupPlace[]
}

/** Where a member's rows are: the keyspace id that its vindex makes of `columns`. */
export interface GroupPlace {
  readonly member: Member
  readonly vindex: Vindex | undefined
  readonly columns: readonly PlaceColumn[]
}

export interface PlaceColumn {
  readonly key: string
  readonly schema: Column | undefined
}

export function placeOf(member: Member): GroupPlace {
  const { table } = member.instance
  if (table.pinned !== undefined) {
    const pin = `pinned ${Buffer.from(table.pinned).toString('hex')}`
    return { member, vindex: undefined, columns: [{ key: pin, schema: undefined }] }
  }
  const primary = primaryVindex(member)
  const columns = primary.columns.map((name) => ({
    key: columnKey({ instance: member.instance, name: name.toLowerCase() }),
    schema: columnOf(table, name),
  }))
  return { member, vindex: primary.vindex, columns }
}

/**
 * The vindex that places the rows. Others may say where a row is too, but nothing makes sure of it when rows are
 * inserted, so that only this one is believed.
 */
export function primaryVindex(member: Member): ColumnVindex {
  const { table } = member.instance
  const primary = table.columnVindexes[0]
  if (primary === undefined || primary.vindex.kind === 'lookup') {
    return unplanned(`table '${table.name}' without a functional primary vindex`)
  }
  return primary
}

export function withMember(group: Group, member: Member): Group {
  return { ...group, members: [...group.members, member], places: [...group.places, placeOf(member)] }
}
