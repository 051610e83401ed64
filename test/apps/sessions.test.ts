import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findProgram } from '../../src/cli/local/find-program.ts'
import { onEachServer } from '../support/each-server.ts'
import { mysqlClient } from '../support/mysql.ts'
import { type Pair, startPair } from '../support/pair.ts'
import {
  type Application,
  differences,
  goApplication,
  javaApplication,
  nodeApplication,
  pythonApplication,
  runApplication,
  type Server,
} from './applications.ts'

const script = 'sessions/session.sql'
const sessions: Readonly<Record<string, Application>> = {
  mysql2: nodeApplication('sessions/session-mysql2.mjs'),
  PyMySQL: pythonApplication('sessions/session-pymysql.py'),
  'Connector/J': javaApplication('sessions/Session.java', script),
  'Go-SQL-Driver': goApplication(script),
  'the command line client of MySQL': clientApplication(mysqlClient, '--ssl-mode=DISABLED'),
  'the command line client of MariaDB': clientApplication(findProgram('mariadb'), '--skip-ssl'),
  SQLAlchemy: pythonApplication('sessions/session-sqlalchemy.py'),
  Django: pythonApplication('sessions/session-django.py'),
  Sequelize: nodeApplication('sessions/session-sequelize.mjs'),
  TypeORM: nodeApplication('sessions/session-typeorm.mjs'),
  Knex: nodeApplication('sessions/session-knex.mjs'),
  Prisma: nodeApplication('sessions/session-prisma.mjs'),
  mariadb: nodeApplication('sessions/session-mariadb.mjs'),
}

/** A MySQL client of today has no longer the plugin by which a MariaDB lets its users in. */
const unable = (name: string, server: string) =>
  server === 'mariadb' && name === 'the command line client of MySQL'

function clientApplication(path: string | undefined, ...settings: readonly string[]): Application {
  const app = nodeApplication('sessions/session-client.mjs')
  return { ...app, args: [...app.args, path ?? '', ...settings], isInstalled: path !== undefined }
}

/** What is not told as by one server, by words of the question. */
const UNEQUAL: readonly {
  readonly session: string
  readonly on: 'mysql' | 'mariadb'
  readonly question: RegExp
}[] = [
  // MariaDB's extended metadata, by which a driver knows JSON.
  { session: 'mysql2', on: 'mariadb', question: /SELECT id, document|values of all kinds/ },
  { session: 'mariadb', on: 'mariadb', question: /SELECT id, document/ },
  // SHOW CREATE PROCEDURE keyspace.name, where the keyspace's database has another name.
  { session: 'Connector/J', on: 'mariadb', question: /^a procedure/ },
]

describe('a scripted session has the same transcript through the proxy as on one server', () => {
  onEachServer((server) => {
    let pair: Pair
    beforeAll(async () => {
      const schemaDir = join(import.meta.dirname, 'sessions/schema')
      pair = await startPair({ server, shardCounts: [2], schemaDir, keyspaces: ['office', 'work'] })
    })
    afterAll(() => pair?.close())

    for (const [name, app] of Object.entries(sessions)) {
      test.skipIf(!app.isInstalled || unable(name, server))(
        name,
        async () => {
          const [{ proxy }] = pair.proxies
          const plain: Server = { host: pair.server.host, port: pair.server.port, ...pair.server.account }
          const [expected, actual] = await Promise.all([plain, proxy].map((to) => runApplication(app, to)))
          const listed = UNEQUAL.filter(({ session, on }) => session === name && on === server)
          const found = [...differences(expected!, actual!)]
          const isListed = (asked: string) => listed.some(({ question }) => question.test(asked))
          expect(found.flatMap(([asked, text]) => (isListed(asked) ? [] : [text])).join('\n\n')).toEqual('')
          for (const { question } of listed) expect(found.some(([asked]) => question.test(asked))).toBe(true)
          expect(actual!.map((answer) => answer.name)).toEqual(expected!.map((answer) => answer.name))
        },
        // Java's launcher compiles first, on a machine that may be busy.
        300_000,
      )
    }
  })
})
