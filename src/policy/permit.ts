import { unreachable } from '../base/assert.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { Access } from '../mysql/server/auth/access.ts'
import { mayTouch, type TableRule } from '../mysql/server/auth/table-rules.ts'
import type { Denial, Needs, Reach } from '../plan/needs.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { fold } from './fold.ts'
import { denialOfRead, isClosedSchema } from './system-tables.ts'

/** Who asks, as errors name them. */
export interface Asker {
  readonly identity: { readonly user: string; readonly access: Access }
  readonly remoteHost: string
}

/** What is known of the servers. */
export interface Servers {
  readonly isMariadb: boolean
  /** A keyspace, or a database in which one lies, has this name, by `fold`. */
  isKeyspaceOrDatabase(folded: string): boolean
}

/** Throws what MySQL says to a user who lacks something for a statement. */
export function permit(needs: Needs, asker: Asker, servers: Servers): void {
  const { access } = asker.identity
  if (access.role === 'app' && needs.denied !== undefined) throw accessDenied(needs.denied, asker, servers)
  if (access.tables !== undefined && access.role === 'app') permitTables(needs, access.tables, asker, servers)
  if (access.keyspaces === undefined) return
  for (const reach of needs.reaches)
    if (isClosed(reach, access, servers)) throw accessDenied(denialOfReach(reach, needs), asker, servers)
}

/** Throws what a user is told who may not know a table's columns. */
export function permitFields(
  place: { readonly keyspace: string; readonly table: string },
  asker: Asker,
  servers: Servers,
): void {
  const { keyspace, table } = place
  const denied = asker.identity.access.role === 'app' ? denialOfRead(keyspace, table) : undefined
  const needs: Needs = {
    ...(denied === undefined ? {} : { denied }),
    command: 'SELECT',
    reaches: [{ schema: keyspace, table }],
    tables: [{ right: 'read', command: 'SELECT', ...place }],
  }
  permit(needs, asker, servers)
}

function permitTables({ tables }: Needs, rules: readonly TableRule[], asker: Asker, servers: Servers): void {
  for (const need of tables) {
    if (mayTouch(rules, need.right, need)) continue
    const { command, keyspace, table } = need
    throw accessDenied({ kind: 'Table', command, schema: keyspace, table }, asker, servers)
  }
}

/** Throws 1044 for a database that the user may not have as default. */
export function permitDatabase(database: string, asker: Asker, servers: Servers): void {
  if (maySee(asker.identity.access, database)) return
  throw accessDenied({ kind: 'Database', database }, asker, servers)
}

/** Databases that are shown to a user. */
export function maySee(access: Access, database: string): boolean {
  if (access.role === 'app' && isClosedSchema(database)) return false
  return mayUse(access, database)
}

/** System schemas are judged by what is asked of them. */
function mayUse({ keyspaces }: Access, schema: string): boolean {
  return keyspaces === undefined || keyspaces.has(schema) || isSystemSchema(schema)
}

function isClosed({ schema, isGuess }: Reach, access: Access, servers: Servers): boolean {
  // Which of its rows a text asks for that is passed on is not known.
  if (isGuess === true && fold(schema) === 'information_schema') return true
  if (mayUse(access, schema)) return false
  return isGuess !== true || servers.isKeyspaceOrDatabase(fold(schema))
}

function denialOfReach({ schema, table }: Reach, { command }: Needs): Denial {
  return table === undefined
    ? { kind: 'Database', database: schema }
    : { kind: 'Table', command, schema, table }
}

/** The error, with MySQL's number and words. Privileges of the account name `%`, those of tables the client's host. */
export function accessDenied(
  denial: Denial,
  { identity, remoteHost }: Asker,
  { isMariadb }: Servers,
): SqlError {
  const account = `'${identity.user}'@'%'`
  switch (denial.kind) {
    case 'Privilege':
      return new SqlError(
        'ER_SPECIFIC_ACCESS_DENIED_ERROR',
        `Access denied; you need (at least one of) the ${denial.privileges} privilege(s) for this operation`,
      )
    case 'Table': {
      const table = isMariadb ? `\`${denial.schema}\`.\`${denial.table}\`` : `'${denial.table}'`
      return new SqlError(
        'ER_TABLEACCESS_DENIED_ERROR',
        `${denial.command} command denied to user '${identity.user}'@'${remoteHost}' for table ${table}`,
      )
    }
    case 'Database':
      return new SqlError(
        'ER_DBACCESS_DENIED_ERROR',
        `Access denied for user ${account} to database '${denial.database}'`,
      )
    case 'Routine':
      return new SqlError(
        'ER_PROCACCESS_DENIED_ERROR',
        `${denial.command} command denied to user ${account} for routine '${denial.routine}'`,
      )
    case 'Account':
      return new SqlError('ER_ACCESS_DENIED_ERROR', `Access denied for user ${account} (using password: YES)`)
    default:
      return unreachable(denial)
  }
}
