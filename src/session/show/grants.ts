import type { Access } from '../../mysql/server/auth/access.ts'
import type { Asker } from '../../policy/permit.ts'
import { type ShownTable, textTable } from './shown-table.ts'

/** SHOW GRANTS of the client's own user: what its role and its keyspaces come to, in MySQL's words. */
export function grantsTable({ identity }: Asker, keyspaces: Iterable<string>): ShownTable {
  const { user, access } = identity
  const account = `${quoteName(user)}@\`%\``
  const lines = grantsOf(access, keyspaces).map((grant) => `GRANT ${grant} TO ${account}`)
  return textTable(
    [`Grants for ${user}@%`],
    lines.map((line) => [line]),
  )
}

function grantsOf({ role, keyspaces: allowed }: Access, keyspaces: Iterable<string>): readonly string[] {
  if (role === 'admin' && allowed === undefined) return ['ALL PRIVILEGES ON *.*']
  const own = [...(allowed ?? keyspaces)].sort()
  return ['USAGE ON *.*', ...own.map((keyspace) => `ALL PRIVILEGES ON ${quoteName(keyspace)}.*`)]
}

function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
