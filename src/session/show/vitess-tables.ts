import type { Show } from '../../sql/ast.ts'
import { printAlias } from '../../topology/alias.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { Target } from '../settings/target.ts'
import { nameTable, type ShownTable, textTable } from './shown-table.ts'

type Known = Pick<ProxyContext, 'gateway' | 'vschema'>
/** Whether a keyspace is shown to the user. */
type Sees = (keyspace: string) => boolean

export function shardsTable({ gateway }: Known, sees: Sees): ShownTable {
  const shards = [...gateway.keyspaces.values()].flatMap((each) => each.shards)
  return nameTable(
    'Shards',
    shards.filter(({ keyspace }) => sees(keyspace)).map(({ keyspace, name }) => `${keyspace}/${name}`),
  )
}

export function tabletsTable({ gateway }: Known, sees: Sees): ShownTable {
  return textTable(
    ['Cell', 'Keyspace', 'Shard', 'TabletType', 'State', 'Alias', 'Hostname', 'PrimaryTermStartTime'],
    gateway.tablets
      .filter(({ record }) => sees(record.keyspace))
      .map(({ record, health }) => [
        record.alias.cell,
        record.keyspace,
        record.shard,
        record.type,
        health.state === 'unreachable' ? 'NOT_SERVING' : 'SERVING',
        printAlias(record.alias),
        record.hostname ?? record.unix_socket ?? '',
        '',
      ]),
    6,
  )
}

export function vschemaTables({ vschema }: Known, { keyspace }: Target): ShownTable {
  return nameTable('Tables', [...(vschema.keyspaces.get(keyspace)?.tables.keys() ?? [])].sort())
}

export function vschemaKeyspaces({ vschema }: Known, sees: Sees): ShownTable {
  return textTable(
    ['Keyspace', 'Sharded', 'Foreign Key', 'Comment'],
    [...vschema.keyspaces.values()]
      .filter(({ name }) => sees(name))
      .map((keyspace) => [
        keyspace.name,
        String(keyspace.sharded),
        keyspace.foreignKeyMode,
        keyspace.error ?? '',
      ]),
    0,
  )
}

/** The vindexes of a table, or all of them. */
export function vschemaVindexes(
  { vschema }: Known,
  { target, sees }: { readonly target: Target; readonly sees: Sees },
  { table: named }: Show,
): ShownTable {
  if (named === undefined) {
    const rows = [...vschema.keyspaces.values()]
      .filter(({ name }) => sees(name))
      .flatMap((keyspace) =>
        [...keyspace.vindexes.values()].map(({ name, type }) => [keyspace.name, name, type, '', '']),
      )
    return textTable(['Keyspace', 'Name', 'Type', 'Params', 'Owner'], rows)
  }
  const keyspace = vschema.keyspaces.get(named.qualifier ?? target.keyspace)
  const rows = (keyspace?.tables.get(named.name)?.columnVindexes ?? [])
    .filter(({ partial }) => !partial)
    .map(({ columns, name, type, owned }) => [columns.join(', '), name, type, '', owned ? named.name : ''])
  return textTable(['Columns', 'Name', 'Type', 'Params', 'Owner'], rows)
}
