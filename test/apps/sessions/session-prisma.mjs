// Prisma: nested writes, transactions of both kinds, upserts and bulk operations over sharded tables.
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { Prisma, PrismaClient } from '@prisma/client'
import { askAll, server } from '../questions.mjs'

const statements = []
/** A busy machine is no reason to give up: by default a connection has one second, a transaction five. */
const adapter = new PrismaMariaDb({
  ...server,
  connectTimeout: 30_000,
  acquireTimeout: 30_000,
  database: 'work',
  connectionLimit: 1,
  allowPublicKeyRetrieval: true,
})
const db = new PrismaClient({
  adapter,
  transactionOptions: { maxWait: 30_000, timeout: 30_000 },
  log: [{ emit: 'event', level: 'query' }],
})
db.$on('query', ({ query, params }) => statements.push(`${query} ${params}`))
const { account, entry, setting } = db
const accounts = () => account.findMany({ orderBy: { email: 'asc' }, select: { email: true, balance: true } })
const settings = () => setting.findMany({ orderBy: { name: 'asc' } })
const toldError = (error) => [error.code, error.meta?.modelName, error.message.split('\n').at(-1)]

await askAll(
  {
    'rows made': async () => {
      const one = await account.create({
        data: {
          email: 'pri0@x',
          balance: 1.5,
          entries: { create: [{ amount: 1 }, { amount: 2, note: 'second' }] },
        },
        include: { entries: { orderBy: { id: 'asc' } } },
      })
      const data = Array.from({ length: 8 }, (_, i) => ({ email: `pri${i + 1}@x`, balance: i }))
      return [one.entries.map(({ amount }) => amount), await account.createMany({ data }), await accounts()]
    },
    'a transaction of a list': () =>
      db
        .$transaction([
          account.update({ where: { email: 'pri1@x' }, data: { balance: { decrement: 5 } } }),
          account.update({ where: { email: 'pri2@x' }, data: { balance: { increment: 5 } } }),
          setting.create({ data: { name: 'moved' } }),
        ])
        .then((rows) => rows.map(({ email, name, balance }) => [email ?? name, balance])),
    'a transaction that fails': () =>
      db
        .$transaction(
          async (trx) => {
            await trx.account.updateMany({ data: { balance: 0 } })
            await trx.setting.create({ data: { name: 'moved' } })
          },
          { isolationLevel: 'Serializable' },
        )
        .catch(toldError),
    'nothing of it is left': accounts,
    'one that gives up': () =>
      db
        .$transaction(async (trx) => {
          await trx.setting.deleteMany()
          throw new Error('no thanks')
        })
        .catch((error) => error.message),
    'what is there': settings,
    upserts: async () => {
      const put = (name, value) =>
        setting.upsert({
          where: { name },
          create: { name, value },
          update: { value, changes: { increment: 1 } },
        })
      return [await put('moved', '1'), await put('new', '2'), await put('new', '3')]
    },
    'only what is not there': async () => [
      await setting.createMany({ data: [{ name: 'new' }, { name: 'newer' }], skipDuplicates: true }),
      await settings(),
    ],
    'a row twice': () => account.create({ data: { email: 'pri1@x' } }).catch(toldError),
    'a child without its parent': () =>
      db.$executeRaw`INSERT INTO entries (id, account_id, amount) VALUES (-1, -1, 1)`.catch(toldError),
    'rows with their relations changed': async () => {
      const changed = await account.update({
        where: { email: 'pri0@x' },
        data: {
          entries: { updateMany: { where: {}, data: { note: 'all' } }, create: { amount: 3, note: 'new' } },
        },
        include: { entries: { orderBy: { id: 'asc' } } },
      })
      return changed.entries.map(({ amount, note }) => [amount, note])
    },
    'many at once': async () => [
      await account.updateMany({ where: { email: { gt: 'pri5@x' } }, data: { balance: { multiply: 2 } } }),
      await entry.deleteMany({ where: { note: 'all' } }),
      await db.$executeRaw(Prisma.sql`UPDATE settings SET changes = changes + ${1} WHERE name <> ${'new'}`),
      await account.aggregate({ _sum: { balance: true }, _count: true }),
    ],
    'tidied up': async () => [
      await entry.deleteMany(),
      await account.deleteMany(),
      await setting.deleteMany(),
    ],
  },
  statements,
)
await db.$disconnect()
