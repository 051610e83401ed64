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

const applications = {
  Sequelize: nodeApplication('shop-sequelize.mjs'),
  Prisma: nodeApplication('shop-prisma.mjs'),
  SQLAlchemy: pythonApplication('shop-sqlalchemy.py'),
}

describe('a shop answers over shards as over one server', () => {
  onEachServer((server) => {
    let pair: Pair
    beforeAll(async () => {
      pair = await startShop(server)
    })
    afterAll(() => pair?.close())

    // One after the other: each goes on with the rows that the one before has left.
    for (const [name, app] of Object.entries(applications)) {
      test.skipIf(!app.isInstalled)(`over ${name}`, async () => {
        const [{ proxy }] = pair.proxies
        const plain: Server = { host: pair.server.host, port: pair.server.port, ...pair.server.account }
        const [expected, actual] = await Promise.all([plain, proxy].map((to) => runApplication(app, to)))
        expect(differences(expected, actual).join('\n\n')).toEqual('')
      })
    }
  })
})
