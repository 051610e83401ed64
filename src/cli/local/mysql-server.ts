import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import { ManagedProcess, waitUntilReady } from './managed-process.ts'
import type { MysqlProgram } from './mysql-program.ts'
import { createDataDir, LOG_FILE_BYTES } from './mysql-template.ts'

export interface MysqlServerOptions {
  readonly program: MysqlProgram
  /** For messages: `mysqld of shop/-80`. */
  readonly name: string
  /** Holds `data/`, `mysqld.log`, `mysqld.sock`; the data is made when it is not there. */
  readonly dir: string
  readonly port: number
  readonly account: BackendAccount
  /** Those in which the account may work; absent: it may do everything but write to a read-only server. */
  readonly databases?: readonly string[]
  /** Given when the server takes part in replication; unique among its servers. */
  readonly replication?: { readonly serverId: number; readonly isReplica: boolean }
  readonly args?: readonly string[]
  /** Gives up the start. */
  readonly signal?: AbortSignal
}

/** The account that the proxy uses. */
export interface BackendAccount {
  readonly user: string
  readonly password: string
}

export interface MysqlServer {
  readonly process: ManagedProcess
  readonly program: MysqlProgram
  readonly port: number
  readonly socketPath: string
  /** A connection of the server's root, over its socket. The caller ends it. */
  connectAsRoot(): Promise<Connection>
}

const START_MS = 60_000
/** The path of a unix socket is at most 107 bytes on Linux, 103 on macOS. */
const SOCKET_PATH_MAX = 100
export const REPLICATION_USER = 'shardgate_repl'

/** Starts a small mysqld or mariadbd on 127.0.0.1. Resolves when it takes connections. */
export async function startMysqlServer(options: MysqlServerOptions): Promise<MysqlServer> {
  const { dir, program } = options
  const dataDir = join(dir, 'data')
  const initFile = join(dir, 'init.sql')
  const socketPath = socketPathFor(dir)
  // Of its own: MariaDB clears away what looks like leftovers there as it starts, be it another server's.
  const scratch = join(dir, 'tmp')
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  if (!existsSync(dataDir)) await createDataDir(program, dataDir)
  await writeFile(initFile, accountSql(options), { mode: 0o600 })
  const child = await ManagedProcess.start({
    name: options.name,
    command: program.path,
    logFile: join(dir, 'mysqld.log'),
    pidFile: join(dir, 'running.pid'),
    args: [
      '--no-defaults',
      `--datadir=${dataDir}`,
      `--tmpdir=${scratch}`,
      `--socket=${socketPath}`,
      `--port=${options.port}`,
      '--bind-address=127.0.0.1',
      `--pid-file=${join(dir, 'mysqld.pid')}`,
      `--init-file=${initFile}`,
      `--user=${userInfo().username}`,
      ...smallServer(program),
      ...replicationArgs(options),
      ...(options.args ?? []),
    ],
  })
  const connectAsRoot = () => createConnection({ socketPath, user: 'root', multipleStatements: true })
  await waitUntilReady(child, () => answers(connectAsRoot), START_MS, options.signal)
  return { process: child, program, port: options.port, socketPath, connectAsRoot }
}

/** Settings for many servers on one laptop: little memory, and a power cut may cost the last second. */
function smallServer({ flavor }: MysqlProgram): string[] {
  const common = [
    '--innodb-buffer-pool-size=32M',
    '--innodb-flush-log-at-trx-commit=2',
    '--max-connections=1000',
    '--table-open-cache=400',
    '--skip-name-resolve',
    '--local-infile=ON',
    '--performance-schema=OFF',
    '--character-set-server=utf8mb4',
    '--max-allowed-packet=1G',
  ]
  return flavor === 'mariadb'
    ? [...common, `--innodb-log-file-size=${LOG_FILE_BYTES}`, '--aria-pagecache-buffer-size=4M']
    : [...common, `--innodb-redo-log-capacity=${LOG_FILE_BYTES}`, '--mysqlx=0']
}

function replicationArgs({ program, replication }: MysqlServerOptions): string[] {
  if (!replication) return program.flavor === 'mysql' ? ['--skip-log-bin'] : []
  const { serverId, isReplica } = replication
  const gtid =
    program.flavor === 'mariadb'
      ? ['--gtid-strict-mode=ON', '--log-slave-updates', '--expire-logs-days=0']
      : ['--gtid-mode=ON', '--enforce-gtid-consistency=ON', '--binlog-expire-logs-seconds=0']
  const binlog = [`--server-id=${serverId}`, '--log-bin=binlog', '--binlog-format=ROW', '--sync-binlog=0']
  return [...binlog, ...gtid, `--relay-log=relay`, ...(isReplica ? ['--read-only=ON'] : [])]
}

/** Run at each start; not written to the binary log, so that replicas make the same accounts by themselves. */
function accountSql({ account, program, databases }: MysqlServerOptions): string {
  const name = `${quote(account.user)}@'%'`
  const password = quote(account.password)
  const lines = [
    'SET SESSION sql_log_bin = 0',
    // A nameless account on localhost would be chosen before ours.
    `DROP USER IF EXISTS ''@'localhost'`,
    `CREATE USER IF NOT EXISTS ${name} IDENTIFIED BY ${password}`,
    `ALTER USER ${name} IDENTIFIED BY ${password}`,
    `REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${name}`,
    ...(databases === undefined ? allPrivileges(name, program) : ownPrivileges(name, program, databases)),
    `CREATE USER IF NOT EXISTS '${REPLICATION_USER}'@'%' IDENTIFIED BY ${password}`,
    `GRANT REPLICATION SLAVE ON *.* TO '${REPLICATION_USER}'@'%'`,
  ]
  return lines.map((line) => `${line};\n`).join('')
}

function allPrivileges(name: string, { flavor }: MysqlProgram): string[] {
  const bypass = flavor === 'mariadb' ? 'READ_ONLY ADMIN' : 'CONNECTION_ADMIN'
  return [`GRANT ALL PRIVILEGES ON *.* TO ${name}`, `REVOKE SUPER, ${bypass} ON *.* FROM ${name}`]
}

/** What the README says the account needs, and no more. */
function ownPrivileges(name: string, { flavor }: MysqlProgram, databases: readonly string[]): string[] {
  return [
    `GRANT ${flavor === 'mariadb' ? 'SLAVE MONITOR' : 'REPLICATION CLIENT'} ON *.* TO ${name}`,
    ...READABLE.map((table) => `GRANT SELECT ON mysql.${table} TO ${name}`),
    // Atomic commits (docs/design/atomic-commit.md): MariaDB lets everybody recover.
    ...(flavor === 'mysql' ? [`GRANT XA_RECOVER_ADMIN ON *.* TO ${name}`] : []),
    `GRANT CREATE, SELECT, INSERT, DELETE ON ${quotePattern('_shardgate')}.* TO ${name}`,
    ...databases.map((database) => `GRANT ALL PRIVILEGES ON ${quotePattern(database)}.* TO ${name}`),
  ]
}

/** Tables of schema mysql that applications may read. */
const READABLE = [
  ...['help_category', 'help_keyword', 'help_relation', 'help_topic'],
  ...['time_zone', 'time_zone_leap_second', 'time_zone_name'],
  ...['time_zone_transition', 'time_zone_transition_type'],
]

/** A database's name in GRANT, where `_` and `%` would be wild. */
function quotePattern(database: string): string {
  return `\`${database.replaceAll('`', '``').replace(/[\\_%]/g, '\\$&')}\``
}

export function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}

async function answers(connect: () => Promise<Connection>): Promise<boolean> {
  try {
    const connection = await connect()
    await connection.query('SELECT 1')
    await connection.end()
    return true
  } catch {
    return false // not listening yet
  }
}

function socketPathFor(dir: string): string {
  const path = join(dir, 'mysqld.sock')
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return path
  return join(tmpdir(), `shardgate-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}.sock`)
}
