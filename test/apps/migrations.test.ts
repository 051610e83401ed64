import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onEachServer } from '../support/each-server.ts'
import { type Pair, startPair } from '../support/pair.ts'
import {
  differences,
  javaApplication,
  nodeApplication,
  pythonApplication,
  runApplication,
  type Server,
} from './applications.ts'

/** `refused`: questions that one server refuses, too. */
const applications = {
  Django: { app: pythonApplication('migrate-django.py'), refused: ['a user twice'] },
  Knex: { app: nodeApplication('migrate-knex.mjs'), refused: ['a row twice'] },
  Sequelize: {
    app: nodeApplication('migrate-sequelize.mjs'),
    refused: ['a row twice', 'a shelf that is not there'],
  },
  TypeORM: { app: nodeApplication('migrate-typeorm.mjs'), refused: ['one that fails'] },
  'Flyway and Liquibase': { app: javaApplication('java/Migrate.java', 'java/migrations'), refused: [] },
}

describe('migrations run on a sharded keyspace as on one server', () => {
  onEachServer((server) => {
    let pair: Pair
    beforeAll(async () => {
      const schemaDir = join(import.meta.dirname, 'schema')
      const config = { default_unsharded_keyspace: 'depot' }
      pair = await startPair({ server, shardCounts: [2], schemaDir, keyspaces: ['shop', 'depot'], config })
    })
    afterAll(() => pair?.close())

    for (const [name, { app, refused }] of Object.entries(applications)) {
      test.skipIf(!app.isInstalled)(
        name,
        async () => {
          const [{ proxy }] = pair.proxies
          const plain: Server = { host: pair.server.host, port: pair.server.port, ...pair.server.account }
          const [expected, actual] = await Promise.all([plain, proxy].map((to) => runApplication(app, to)))
          expect([...differences(expected!, actual!).values()].join('\n\n')).toEqual('')
          expect(expected!.filter(({ error }) => error !== undefined).map((answer) => answer.name)).toEqual(
            refused,
          )
        },
        // Java's launcher compiles first, on a machine that may be busy.
        300_000,
      )
    }
  })
})
