import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import { findProgram, isExecutable } from '../../src/cli/local/find-program.ts'
import { freePort } from '../../src/cli/local/free-port.ts'
import { inspectMysqld } from '../../src/cli/local/mysql-program.ts'
import { type BackendAccount, startMysqlServer } from '../../src/cli/local/mysql-server.ts'
import { cacheDir } from '../../src/cli/local/mysql-template.ts'
import { tempDir } from './temp-dir.ts'

export interface TestServer {
  readonly flavor: 'mysql' | 'mariadb'
  readonly version: string
  readonly host: string
  readonly port: number
  readonly socketPath: string
  /** May do everything, over TCP and the socket. */
  readonly account: BackendAccount
  readonly pid: number
  /** A new connection with the account; the caller ends it. */
  connect(options?: { database?: string; multipleStatements?: boolean }): Promise<Connection>
  /** Ends it without a word, as a crash would. */
  kill(): Promise<void>
  /** Stops it and removes its data. */
  close(): Promise<void>
}

export interface TestServerOptions {
  /** More arguments for the server program. */
  readonly args?: readonly string[]
}

/** Path of MariaDB's server, undefined when this machine has none. */
export const mariadbCommand = findProgram('mariadbd')

/** Path of MySQL's server: `$SHARDGATE_TEST_MYSQLD`, what `npm test` installed, or PATH. Undefined when there is none. */
export const mysqlCommand = process.env['SHARDGATE_TEST_MYSQLD'] || installedMysqld() || mysqldOnPath()

/** Path of MySQL's command line client, undefined unless it is beside the server: `mysql` beside `mysqld`. */
export const mysqlClient = beside(mysqlCommand?.replace(/mysqld$/, 'mysql'))

/** A real MariaDB on a free port, with data in a folder of its own. */
export function startMariadb(options: TestServerOptions = {}): Promise<TestServer> {
  if (!mariadbCommand) throw new Error('no mariadbd on PATH: apt-get install mariadb-server-core')
  return start(mariadbCommand, options)
}

/** A real MySQL, in the same way. */
export function startMysql(options: TestServerOptions = {}): Promise<TestServer> {
  if (!mysqlCommand) throw new Error('no mysqld: set SHARDGATE_TEST_MYSQLD to the path of one')
  return start(mysqlCommand, options)
}

async function start(command: string, options: TestServerOptions): Promise<TestServer> {
  const program = await inspectMysqld(command)
  const dir = tempDir(program.flavor)
  const account = { user: 'shardgate', password: randomBytes(12).toString('hex') }
  const server = await startMysqlServer({
    program,
    name: `test ${program.flavor}`,
    dir: dir.path,
    port: await freePort(),
    account,
    ...options,
  })
  return {
    flavor: program.flavor,
    version: program.version,
    host: '127.0.0.1',
    port: server.port,
    socketPath: server.socketPath,
    account,
    pid: server.process.pid,
    connect: (more = {}) => createConnection({ host: '127.0.0.1', port: server.port, ...account, ...more }),
    kill: () => server.process.stop('SIGKILL'),
    close: async () => {
      await server.process.stop('SIGKILL') // the data goes with it
      dir.remove()
    },
  }
}

function installedMysqld(): string | undefined {
  const path = join(cacheDir(), 'mysql', 'mysqld')
  return existsSync(path) ? path : undefined
}

function beside(path: string | undefined): string | undefined {
  return path !== undefined && isExecutable(path) ? path : undefined
}

/** On Debian, `mysqld` is often a link to MariaDB's. */
function mysqldOnPath(): string | undefined {
  const path = findProgram('mysqld')
  return path && !findProgram('mariadbd') ? path : undefined
}
