import type { ColumnDef } from '../../mysql/codec/column-def.ts'
import type { Access } from '../../mysql/server/auth/access.ts'
import type { Asker } from '../../policy/permit.ts'
import type { ShownTable } from './shown-table.ts'

/** SHOW GRANTS of the client's own user: what its role and its keyspaces come to, in MySQL's words. `column`: the server's. */
export function grantsTable({ identity }: Asker, keyspaces: Iterable<string>, column: ColumnDef): ShownTable {
  const { user, access } = identity
  const account = `${quoteName(user)}@\`%\``
  const lines = grantsOf(access, keyspaces).map((grant) => `GRANT ${grant} TO ${account}`)
  const name = Buffer.from(`Grants for ${user}@%`).latin1Slice()
  return { columns: [{ ...column, name }], rows: lines.map((line) => [Buffer.from(line)]) }
}

function grantsOf({ role, keyspaces: allowed }: Access, keyspaces: Iterable<string>): readonly string[] {
  if (role === 'admin' && allowed === undefined) return ['ALL PRIVILEGES ON *.*']
  const own = [...(allowed ?? keyspaces)].sort()
  return ['USAGE ON *.*', ...own.map((keyspace) => `ALL PRIVILEGES ON ${quoteName(keyspace)}.*`)]
}

function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
