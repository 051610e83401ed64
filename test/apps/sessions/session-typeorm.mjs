// TypeORM: transactions, nested ones, upserts, bulk inserts and query builders over sharded tables.
import { DataSource, EntitySchema, In } from 'typeorm'
import { askAll, server } from '../questions.mjs'

const statements = []
const keep = (sql, values) => statements.push(`${sql} ${JSON.stringify(values ?? [])}`)
const logger = {
  logQuery: keep,
  logQueryError: () => {},
  logQuerySlow() {},
  logSchemaBuild() {},
  logMigration() {},
  log() {},
}
const Account = new EntitySchema({
  name: 'Account',
  tableName: 'accounts',
  columns: {
    id: { type: 'bigint', primary: true, generated: true },
    email: { type: 'varchar', unique: true },
    balance: { type: 'decimal', precision: 12, scale: 2, default: 0 },
    opened: { type: 'datetime', nullable: true },
  },
  relations: { entries: { type: 'one-to-many', target: 'Entry', inverseSide: 'account', cascade: true } },
})
const Entry = new EntitySchema({
  name: 'Entry',
  tableName: 'entries',
  columns: {
    id: { type: 'bigint', primary: true, generated: true },
    amount: { type: 'decimal' },
    note: { type: 'varchar', nullable: true },
  },
  relations: {
    account: {
      type: 'many-to-one',
      target: 'Account',
      joinColumn: { name: 'account_id' },
      inverseSide: 'entries',
    },
  },
})
const Setting = new EntitySchema({
  name: 'Setting',
  tableName: 'settings',
  columns: {
    name: { type: 'varchar', primary: true },
    value: { type: 'varchar', nullable: true },
    changes: { type: 'int', default: 0 },
  },
})
const Kind = new EntitySchema({
  name: 'Kind',
  tableName: 'kinds',
  columns: {
    id: { type: 'int', primary: true },
    decimals: { type: 'decimal', nullable: true },
    moment: { type: 'datetime', precision: 6, nullable: true },
    bytes: { type: 'varbinary', nullable: true },
  },
})

const { user: username, ...to } = server
const db = await new DataSource({
  type: 'mysql',
  ...to,
  username,
  database: 'work',
  poolSize: 1,
  logger,
  logging: true,
  timezone: 'Z',
  entities: [Account, Entry, Setting, Kind],
}).initialize()
const [accounts, entries, settings, kinds] = [Account, Entry, Setting, Kind].map((each) =>
  db.getRepository(each),
)
const allAccounts = async () =>
  (await accounts.find({ order: { email: 'ASC' } })).map(({ email, balance }) => [email, balance])
const allSettings = () => settings.find({ order: { name: 'ASC' } })
const toldError = (error) => [error.name, error.message, error.errno]

await askAll(
  {
    'objects made': async () => {
      const one = await accounts.save({
        email: 'type0@x',
        balance: 1.5,
        entries: [{ amount: 1 }, { amount: 2 }],
      })
      const more = await accounts.save(
        Array.from({ length: 6 }, (_, i) => ({ email: `type${i + 1}@x`, balance: i })),
      )
      const distances = more.map(({ id }) => Number(id) - Number(one.id))
      return [distances, one.entries.length, await allAccounts()]
    },
    'inserted at once': async () => {
      const { identifiers, raw } = await accounts.insert([
        { email: 'bulk0@x' },
        { email: 'bulk1@x' },
        { email: 'bulk2@x' },
      ])
      return [identifiers.length, raw.affectedRows, raw.info]
    },
    'a transaction': () =>
      db.transaction(async (manager) => {
        const one = await manager.findOne(Account, {
          where: { email: 'type1@x' },
          lock: { mode: 'pessimistic_write' },
        })
        one.balance = 100
        await manager.save(Account, one)
        await manager.increment(Account, { email: 'type2@x' }, 'balance', 5)
        await manager.insert(Setting, { name: 'moved' })
        return manager.countBy(Setting, {})
      }),
    'a transaction that fails': () =>
      db
        .transaction('SERIALIZABLE', async (manager) => {
          await manager.update(Account, { email: In(['type1@x', 'type2@x']) }, { balance: 0 })
          await manager.insert(Setting, { name: 'moved' })
        })
        .catch(toldError),
    'nothing of it is left': allAccounts,
    'one within another': async () => {
      const errors = []
      await db.transaction(async (outer) => {
        await outer.insert(Setting, { name: 'outer' })
        await outer
          .transaction(async (inner) => {
            await inner.insert(Setting, { name: 'inner' })
            await inner.insert(Account, { email: 'type1@x' })
          })
          .catch((error) => errors.push(toldError(error)))
        await outer.transaction((inner) => inner.insert(Setting, { name: 'second' }))
      })
      return [errors, await allSettings()]
    },
    'a runner of its own': async () => {
      const runner = db.createQueryRunner()
      await runner.startTransaction()
      await runner.query('UPDATE settings SET changes = 9')
      await runner.rollbackTransaction()
      await runner.release()
      return allSettings()
    },
    upserts: async () => {
      const told = ({ raw }) => [raw.affectedRows, raw.info]
      return [
        told(await settings.upsert({ name: 'outer', value: '1' }, ['name'])),
        told(
          await settings.upsert(
            [
              { name: 'outer', value: '2' },
              { name: 'new', value: '2' },
            ],
            ['name'],
          ),
        ),
        told(await accounts.upsert({ email: 'type1@x', balance: 55 }, ['email'])),
        await allSettings(),
        await allAccounts(),
      ]
    },
    'by query builder': async () => [
      (
        await db
          .createQueryBuilder()
          .insert()
          .into(Setting)
          .values([{ name: 'q1' }, { name: 'outer' }])
          .orIgnore()
          .execute()
      ).raw.affectedRows,
      (
        await db
          .createQueryBuilder()
          .insert()
          .into(Setting)
          .values({ name: 'q1', value: 'x' })
          .orUpdate(['value'], ['name'])
          .execute()
      ).raw.affectedRows,
      (
        await db
          .createQueryBuilder()
          .update(Setting)
          .set({ changes: () => 'changes + 1' })
          .where('name > :n', { n: 'o' })
          .execute()
      ).affected,
      (await db.createQueryBuilder().delete().from(Setting).where('name = :n', { n: 'q1' }).execute())
        .affected,
      await allSettings(),
    ],
    'a child without its parent': () =>
      entries.insert({ id: '-1', amount: 1, account: { id: '-1' } }).catch(toldError),
    'a parent with children': () => accounts.delete({ email: 'type0@x' }).catch(toldError),
    'objects changed': async () => {
      const one = await accounts.findOne({
        where: { email: 'type0@x' },
        relations: { entries: true },
        order: { entries: { id: 'ASC' } },
      })
      one.entries[0].note = 'changed'
      one.entries.push({ amount: 9, note: 'new' })
      await accounts.save(one)
      return (await entries.find({ order: { id: 'ASC' } })).map(({ amount, note }) => [amount, note])
    },
    kinds: async () => {
      await kinds.save({
        id: 1,
        decimals: '12345678901234567890.5',
        moment: new Date(1_700_000_000_123),
        bytes: Buffer.from([0, 255]),
      })
      await kinds.save({ id: 1, decimals: '2.5' })
      return kinds.find()
    },
    'tidied up': async () => {
      const gone = []
      for (const each of [entries, accounts, settings, kinds])
        gone.push((await each.createQueryBuilder().delete().execute()).affected)
      return gone
    },
  },
  statements,
)
await db.destroy()
