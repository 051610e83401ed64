import type { Connection } from 'mysql2/promise'
import type { BackendAccess } from '../../../tablet/connect-control.ts'
import { connectControl } from '../../../tablet/connect-control.ts'
import { type DatabaseColumn, readColumns } from '../../../tablet/schema-reader.ts'
import { printAlias } from '../../../topology/alias.ts'
import { databaseOf, type Tablet } from '../../../topology/records.ts'
import type { ShardState } from '../../../topology/snapshot.ts'
import { DECISIONS_DATABASE } from '../../../transaction/decisions.ts'
import { endAfter, nameOf } from '../../check-connections.ts'
import { type Finding, mistake, ok, warning } from './finding.ts'
import { missingOn, missingPrivileges } from './privileges.ts'

/** The columns of a keyspace's tables on one shard, as its primary has them. */
export interface ShardColumns {
  readonly tablet: Tablet
  readonly columns: readonly DatabaseColumn[]
}

/**
 * Logs in as the proxy would, and does what the proxy will need. The columns are those of a primary. What atomic transactions
 * need is looked at where it is `asked` for, and on servers that have seen some.
 */
export async function checkTablet(
  { tablet, shard }: { readonly tablet: Tablet; readonly shard: ShardState | undefined },
  access: BackendAccess,
  asked: { readonly twopc: boolean },
): Promise<{ readonly findings: readonly Finding[]; readonly shard?: ShardColumns }> {
  const what = nameOf(tablet)
  const isPrimary =
    shard?.primary !== undefined && printAlias(shard.primary.alias) === printAlias(tablet.alias)
  try {
    const connection = await connectControl(tablet, access)
    return await endAfter(
      connection,
      (async () => {
        const [version, isReadOnly] = await readServer(connection)
        const findings = [
          ...(isPrimary && isReadOnly ? [mistake(what, 'a primary, and read-only')] : []),
          ...(await checkPrivileges(connection, what, databaseOf(tablet))),
          ...(await checkReplicationStatus(connection, what, version)),
          ...(isPrimary && (asked.twopc || (await hasDecisions(connection)))
            ? await checkRecovery(connection, what)
            : []),
        ]
        if (findings.length === 0) findings.push(ok(what, version))
        if (!isPrimary) return { findings }
        return { findings, shard: { tablet, columns: await readColumns(connection, databaseOf(tablet)) } }
      })(),
    )
  } catch (error) {
    return { findings: [mistake(what, (error as Error).message)] }
  }
}

async function readServer(connection: Connection): Promise<[version: string, isReadOnly: boolean]> {
  const [rows] = await connection.query('SELECT @@version AS version, @@global.read_only AS read_only')
  const [{ version, read_only }] = rows as [{ version: string; read_only: unknown }]
  return [version, Number(read_only) !== 0]
}

async function checkPrivileges(connection: Connection, what: string, database: string): Promise<Finding[]> {
  const [rows] = await connection.query('SHOW GRANTS')
  const grants = (rows as object[]).map((row) => String(Object.values(row)[0]))
  const { data, definitions, programs, hasRoles } = missingPrivileges(grants, database)
  const seen = hasRoles ? ' (privileges of roles are not seen)' : ''
  const lacks = (list: readonly string[]) => `the account lacks ${list.join(', ')} on ${database}${seen}`
  return [
    ...(data.length > 0 ? [hasRoles ? warning(what, lacks(data)) : mistake(what, lacks(data))] : []),
    ...(definitions.length > 0 ? [warning(what, `${lacks(definitions)}: DDL will fail`)] : []),
    ...(programs.length > 0 ? [warning(what, `${lacks(programs)}: what needs them will fail`)] : []),
  ]
}

/** Health checks ask it of every tablet. */
async function checkReplicationStatus(
  connection: Connection,
  what: string,
  version: string,
): Promise<Finding[]> {
  const isMariadb = version.includes('MariaDB')
  try {
    await connection.query(isMariadb ? 'SHOW SLAVE STATUS' : 'SHOW REPLICA STATUS')
    return []
  } catch (error) {
    const privilege = isMariadb ? 'SLAVE MONITOR' : 'REPLICATION CLIENT'
    return [mistake(what, `${(error as Error).message}; health checks need it: GRANT ${privilege} ON *.*`)]
  }
}

/** Of a database on which the account has no privilege at all nothing is seen. */
async function hasDecisions(connection: Connection): Promise<boolean> {
  const [rows] = await connection.query('SHOW DATABASES')
  return (rows as { readonly Database: string }[]).some(({ Database }) => Database === DECISIONS_DATABASE)
}

/** What transaction_mode 'twopc' needs beyond. */
async function checkRecovery(connection: Connection, what: string): Promise<Finding[]> {
  const missing: string[] = []
  try {
    await connection.query('XA RECOVER')
  } catch {
    missing.push('XA_RECOVER_ADMIN ON *.*')
  }
  const [rows] = await connection.query('SHOW GRANTS')
  const grants = (rows as object[]).map((row) => String(Object.values(row)[0]))
  const lacks = missingOn(grants, DECISIONS_DATABASE, ['CREATE', 'SELECT', 'INSERT', 'DELETE'])
  if (lacks.length > 0) missing.push(`${lacks.join(', ')} ON ${DECISIONS_DATABASE}.*`)
  if (missing.length === 0) return []
  return [warning(what, `the account lacks ${missing.join(' and ')}: transaction_mode twopc will be refused`)]
}
