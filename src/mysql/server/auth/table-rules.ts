/** What may be done to tables: read rows, change rows, define them. */
export type TableRight = 'read' | 'write' | 'ddl'

/** Tables of one pattern of the users file, and what one user may do to them. */
export interface TableRule {
  /** In lower case, as the rest. */
  readonly keyspace: string
  /** A table, or how its name begins. */
  readonly name: string
  readonly isPrefix: boolean
  readonly rights: readonly TableRight[]
}

/** A group of tables as the users file has it: names of users, or of groups that users are in. */
export interface TableGroup {
  /** `keyspace.table`; `%` at the end stands for any ending. */
  readonly tables: readonly string[]
  readonly readers: readonly string[]
  readonly writers: readonly string[]
  readonly ddl: readonly string[]
  /** They may do all of it. */
  readonly admins: readonly string[]
}

/** The rules for one user; undefined where they take nothing from him. */
export function rulesFor(
  groups: readonly TableGroup[],
  user: { readonly name: string; readonly groups: readonly string[] },
): readonly TableRule[] | undefined {
  const names = new Set([user.name, ...user.groups])
  const isIn = (list: readonly string[]) => list.some((name) => names.has(name))
  const rules = groups.flatMap(({ tables, readers, writers, ddl, admins }) => {
    const all = isIn(admins)
    const rights = [
      ...(all || isIn(readers) ? ['read' as const] : []),
      ...(all || isIn(writers) ? ['write' as const] : []),
      ...(all || isIn(ddl) ? ['ddl' as const] : []),
    ]
    return tables.map((pattern): TableRule => {
      const [keyspace = '', ...rest] = pattern.toLowerCase().split('.')
      const name = rest.join('.')
      return { keyspace, name: name.replace(/%$/, ''), isPrefix: name.endsWith('%'), rights }
    })
  })
  return rules.every(({ rights }) => rights.length === 3) ? undefined : rules
}

/** Of several rules for a table the first counts; a table without one is anybody's. */
export function mayTouch(
  rules: readonly TableRule[],
  right: TableRight,
  { keyspace, table }: { readonly keyspace: string; readonly table: string },
): boolean {
  const [inKeyspace, name] = [keyspace.toLowerCase(), table.toLowerCase()]
  const rule = rules.find(
    (each) =>
      each.keyspace === inKeyspace && (each.isPrefix ? name.startsWith(each.name) : name === each.name),
  )
  return rule === undefined || rule.rights.includes(right)
}
