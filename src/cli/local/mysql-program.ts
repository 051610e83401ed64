import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram, isExecutable } from './find-program.ts'

const run = promisify(execFile)

/** A server program, MySQL's or MariaDB's. */
export interface MysqlProgram {
  readonly path: string
  readonly flavor: 'mysql' | 'mariadb'
  /** As the program prints it: `10.11.6-MariaDB`, `9.7.0`. */
  readonly version: string
}

/** Asks the program at `path` what it is. Rejects with a message for people when it is not a MySQL server. */
export async function inspectMysqld(path: string): Promise<MysqlProgram> {
  let out: string
  try {
    out = (await run(path, ['--no-defaults', '--version'])).stdout
  } catch (error) {
    throw new Error(`${path} cannot be run: ${(error as Error).message.trim()}`, { cause: error })
  }
  const version = /\bVer\s+(\S+)/.exec(out)?.[1]
  if (!version) throw new Error(`${path} is no mysqld or mariadbd: it says '${out.trim()}'`)
  return { path, version, flavor: /mariadb/i.test(out) ? 'mariadb' : 'mysql' }
}

/** The server program on this machine: MariaDB's before MySQL's, because replicas need its simpler ways. */
export function findMysqld(): string | undefined {
  return findProgram('mariadbd', 'mysqld')
}

/** MariaDB's script that makes a data directory; beside the server, or on PATH. */
export function findInstallDb(mysqld: string): string | undefined {
  const names = ['mariadb-install-db', 'mysql_install_db']
  const here = dirname(mysqld)
  const near = names.flatMap((name) => [
    join(here, name),
    join(here, '../bin', name),
    join(here, '../scripts', name),
  ])
  return near.find(isExecutable) ?? findProgram(...names)
}
