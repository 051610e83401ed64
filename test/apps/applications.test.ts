import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onEachServer } from '../support/each-server.ts'
import type { Pair } from '../support/pair.ts'
import {
  differences,
  nodeApplication,
  pythonApplication,
  runApplication,
  type Server,
  startShop,
} from './applications.ts'
import { compareReports } from './reports.ts'

/** Questions about one shop; then what each ORM does with tables of its own beside it. */
const applications = {
  Sequelize: nodeApplication('shop-sequelize.mjs'),
  Prisma: nodeApplication('shop-prisma.mjs'),
  SQLAlchemy: pythonApplication('shop-sqlalchemy.py'),
  'Sequelize, with tables of its own': nodeApplication('crud-sequelize.mjs'),
  'TypeORM, with tables of its own': nodeApplication('crud-typeorm.mjs'),
  'Drizzle, with tables of its own': nodeApplication('crud-drizzle.mjs'),
  'Knex, with tables of its own': nodeApplication('crud-knex.mjs'),
  'SQLAlchemy, with tables of its own': pythonApplication('crud-sqlalchemy.py'),
  'Django, with tables of its own': pythonApplication('crud-django.py'),
}

/** Questions that are not answered as by one server yet: by application, then why, on both servers or on one. */
const UNEQUAL: Readonly<Record<string, Readonly<Record<string, { why: string; on?: 'mysql' | 'mariadb' }>>>> =
  {
    'Sequelize, with tables of its own': {
      'rows made': { why: "MariaDB's extended metadata, by which a driver knows JSON", on: 'mariadb' },
    },
  }

describe('applications find over shards what they find on one server', () => {
  onEachServer((server) => {
    let pair: Pair
    beforeAll(async () => {
      pair = await startShop(server)
    })
    afterAll(() => pair?.close())

    test.each(['text', 'binary'] as const)(
      'reports by hand, by the %s protocol',
      async (protocol) => {
        expect((await compareReports(pair, protocol)).join('\n\n')).toBe('')
      },
      60_000,
    )

    // One after the other: each goes on with the rows that the one before has left.
    for (const [name, app] of Object.entries(applications)) {
      test.skipIf(!app.isInstalled)(
        `over ${name}`,
        async () => {
          const [{ proxy }] = pair.proxies
          const plain: Server = { host: pair.server.host, port: pair.server.port, ...pair.server.account }
          const [expected, actual] = await Promise.all([plain, proxy].map((to) => runApplication(app, to)))
          const found = differences(expected, actual)
          const listed = Object.entries(UNEQUAL[name] ?? {}).filter(([, { on = server }]) => on === server)
          const isListed = (question: string) => listed.some(([known]) => known === question)
          const unlisted = [...found].filter(([question]) => !isListed(question)).map(([, text]) => text)
          expect(unlisted.join('\n\n')).toEqual('')
          expect(listed.map(([known]) => known).filter((known) => !found.has(known))).toEqual([])
        },
        60_000,
      )
    }
  })
})
