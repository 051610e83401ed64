import type { RowDataPacket } from 'mysql2'
import type { Connection } from 'mysql2/promise'
import { type BackendAccount, type MysqlServer, quote, REPLICATION_USER } from './mysql-server.ts'

const CATCH_UP_SECONDS = 30

/** Makes `replica` follow `primary` by GTID, from the primary's first transaction; does nothing when it does already. */
export async function startReplication(
  replica: MysqlServer,
  primary: MysqlServer,
  account: BackendAccount,
): Promise<void> {
  const connection = await replica.connectAsRoot()
  try {
    const isMariadb = replica.program.flavor === 'mariadb'
    const [words, stop, start] = isMariadb
      ? ['master', 'STOP SLAVE', 'START SLAVE']
      : ['source', 'STOP REPLICA', 'START REPLICA']
    const change = isMariadb ? 'CHANGE MASTER TO' : 'CHANGE REPLICATION SOURCE TO'
    const gtid = isMariadb ? 'master_use_gtid=slave_pos' : 'source_auto_position=1, get_source_public_key=1'
    await connection.query(stop)
    await connection.query(
      `${change} ${words}_host='127.0.0.1', ${words}_port=${primary.port}, ${words}_user='${REPLICATION_USER}',` +
        ` ${words}_password=${quote(account.password)}, ${words}_connect_retry=1, ${gtid}`,
    )
    await connection.query(start)
  } finally {
    await connection.end()
  }
}

/** Resolves when `replica` has all that `primary` has at this moment. Rejects with the replica's own error otherwise. */
export async function waitForReplica(replica: MysqlServer, primary: MysqlServer): Promise<void> {
  const isMariadb = primary.program.flavor === 'mariadb'
  const [from, on] = [await primary.connectAsRoot(), await replica.connectAsRoot()]
  try {
    const variable = isMariadb ? 'gtid_binlog_pos' : 'gtid_executed'
    const position = String(await value(from, `SELECT @@GLOBAL.${variable} AS v`))
    const wait = isMariadb ? 'MASTER_GTID_WAIT' : 'WAIT_FOR_EXECUTED_GTID_SET'
    const result = await value(on, `SELECT ${wait}(${quote(position)}, ${CATCH_UP_SECONDS}) AS v`)
    if (Number(result) === 0) return
    const [[status]] = await on.query<RowDataPacket[]>(
      isMariadb ? 'SHOW SLAVE STATUS' : 'SHOW REPLICA STATUS',
    )
    const reason = status?.['Last_Error'] || status?.['Last_IO_Error'] || `not within ${CATCH_UP_SECONDS} s`
    throw new Error(`${replica.process.name} does not follow its primary: ${reason}`)
  } finally {
    await Promise.all([from.end(), on.end()])
  }
}

async function value(connection: Connection, sql: string): Promise<unknown> {
  const [[row]] = await connection.query<RowDataPacket[]>(sql)
  return row?.['v']
}
