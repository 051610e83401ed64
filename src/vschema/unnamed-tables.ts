import type { KeyspaceSchema, VSchema } from './model.ts'

type Known = Pick<VSchema, 'keyspaces' | 'defaultUnsharded'>

/**
 * The keyspace that has a table of this name for `keyspace` (undefined: for a session without one), which has none itself:
 * `defaultUnsharded`, for a sharded keyspace whose VSchema does not name the table. What the VSchema of `defaultUnsharded`
 * names is that keyspace's own, so that two keyspaces' tables of one name are never taken for each other. Undefined where there
 * is no such place, and for what was left on the shards before there was one: it is listed, and so it can be dropped, and whoever
 * reads it is told that it is in no VSchema.
 */
export function keyspaceOfUnnamed(
  { keyspaces, defaultUnsharded }: Known,
  keyspace: string | undefined,
  table: string,
): string | undefined {
  if (defaultUnsharded === undefined || keyspaces.get(defaultUnsharded)?.named.has(table) === true)
    return undefined
  if (keyspace === undefined) return defaultUnsharded
  const own = keyspaces.get(keyspace)
  if (own === undefined || !own.sharded || own.error !== undefined || own.named.has(table)) return undefined
  const isStray =
    own.strays?.has(table) === true && keyspaces.get(defaultUnsharded)?.tables.has(table) !== true
  return isStray ? undefined : defaultUnsharded
}

/** The keyspace in which a table of this name is made that is to be found as `keyspace.table`. */
export function keyspaceOfNew(vschema: Known, keyspace: string, table: string): string {
  return keyspaceOfUnnamed(vschema, keyspace, table) ?? keyspace
}

/** The keyspace that has a trigger which is named without its table: that of an unnamed table, or the one by whose name it is called. */
export function keyspaceOfTrigger(
  vschema: Known,
  keyspace: string | undefined,
  trigger: string,
): string | undefined {
  const tableIn = (of: string | undefined) =>
    of === undefined ? undefined : vschema.keyspaces.get(of)?.programs?.triggers.get(trigger)
  if (tableIn(keyspace) !== undefined) return keyspace
  const table = tableIn(vschema.defaultUnsharded)
  return (table === undefined ? undefined : keyspaceOfUnnamed(vschema, keyspace, table)) ?? keyspace
}

/** No VSchema says where the table's rows are: made in a sharded keyspace, nothing could find it. */
export function isNamedNowhere(vschema: Known, keyspace: string, table: string): boolean {
  const own = vschema.keyspaces.get(keyspace)
  return own?.sharded === true && !own.named.has(table)
}

/**
 * The keyspace whose tables of these names stand in the lists of `keyspace` beside its own (information_schema, SHOW TABLES);
 * undefined where there are none.
 */
export function unnamedTablesOf(
  { keyspaces, defaultUnsharded }: Known,
  keyspace: string,
): { readonly keyspace: string; has(table: string): boolean } | undefined {
  const own = keyspaces.get(keyspace)
  if (defaultUnsharded === undefined || own === undefined || !own.sharded || own.error !== undefined)
    return undefined
  const other = keyspaces.get(defaultUnsharded)
  return {
    keyspace: defaultUnsharded,
    has: (table) => !own.tables.has(table) && other?.named.has(table) !== true,
  }
}

/** What keeps a keyspace from being `defaultUnsharded`; undefined for nothing. */
export function problemOfDefault(
  name: string,
  keyspaces: ReadonlyMap<string, KeyspaceSchema>,
): string | undefined {
  const keyspace = keyspaces.get(name)
  if (keyspace?.sharded === false) return undefined
  const why = keyspace === undefined ? 'does not exist' : 'is sharded'
  return `default_unsharded_keyspace: keyspace '${name}' ${why}; name an unsharded one`
}
