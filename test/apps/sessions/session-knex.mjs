// Knex: transactions, nested ones, upserts and batches over sharded tables.
import knex from 'knex'
import { askAll, server } from '../questions.mjs'

const statements = []
const db = knex({
  client: 'mysql2',
  connection: { ...server, database: 'work', timezone: 'Z' },
  pool: { min: 1, max: 1 },
})
db.on('query', ({ sql, bindings }) => statements.push(`${sql} ${JSON.stringify(bindings)}`))
const accounts = (on = db) => on('accounts').select('email', 'balance').orderBy('email')
const settings = (on = db) => on('settings').select().orderBy('name')
const toldError = (error) => [error.errno, error.sqlMessage ?? error.message]

await askAll(
  {
    'rows made': async () => {
      const [first] = await db('accounts').insert({ email: 'knex0@x', balance: 1.5 })
      const [next] = await db('accounts').insert([{ email: 'knex1@x', balance: 1 }, { email: 'knex2@x' }])
      return [next - first, await accounts()]
    },
    'rows in batches': async () => {
      const rows = Array.from({ length: 25 }, (_, i) => ({ email: `batch${i}@x`, balance: i }))
      const ids = await db.batchInsert('accounts', rows, 10)
      return [ids.map((id) => id - ids[0]), (await accounts()).length]
    },
    'a transaction': () =>
      db.transaction(async (trx) => {
        await trx('accounts').where({ email: 'knex1@x' }).forUpdate().first()
        await trx('accounts').where({ email: 'knex1@x' }).decrement('balance', 5)
        await trx('accounts').where({ email: 'knex2@x' }).increment({ balance: 5 })
        const { id } = await trx('accounts').where({ email: 'knex1@x' }).first('id')
        await trx('entries').insert({ account_id: id, amount: 5, note: 'moved' })
        return accounts(trx).whereLike('email', 'knex%')
      }),
    'a transaction that fails': () =>
      db
        .transaction(async (trx) => {
          await trx('accounts').update({ balance: 0 })
          await trx('accounts').insert({ email: 'knex0@x' })
        })
        .catch(toldError),
    'nothing of it is left': () => accounts().whereLike('email', 'knex%'),
    'one within another': async () => {
      const errors = []
      await db.transaction(async (outer) => {
        await outer('settings').insert({ name: 'outer' })
        await outer
          .transaction(async (inner) => {
            await inner('settings').insert({ name: 'inner' })
            await inner('settings').insert([{ name: 'more' }, { name: 'outer' }])
          })
          .catch((error) => errors.push(toldError(error)))
        await outer.savepoint((inner) => inner('settings').insert({ name: 'second' }))
      })
      return [errors, await settings()]
    },
    'isolation and read only': () =>
      db
        .transaction((trx) => trx('settings').insert({ name: 'no' }), {
          isolationLevel: 'serializable',
          readOnly: true,
        })
        .catch(toldError),
    upserts: async () => [
      await db('settings').insert({ name: 'outer', value: '1' }).onConflict('name').merge(),
      await db('settings')
        .insert([
          { name: 'outer', value: '2', changes: 2 },
          { name: 'new', value: '2', changes: 2 },
        ])
        .onConflict('name')
        .merge(['value']),
      await db('settings')
        .insert({ name: 'outer', changes: 0 })
        .onConflict('name')
        .merge({ changes: db.raw('settings.changes + 10') }),
      await db('settings')
        .insert([{ name: 'outer' }, { name: 'newer' }])
        .onConflict('name')
        .ignore(),
      await settings(),
    ],
    'by an unique column': async () => {
      await db('accounts').insert({ email: 'knex1@x', balance: 99 }).onConflict('email').merge(['balance'])
      return accounts().where({ email: 'knex1@x' })
    },
    'rows changed and gone': async () => [
      await db('settings').where('name', '>', 'n').update({ value: 'x' }),
      await db('settings').where('name', '>', 'n').update({ value: 'x' }),
      await db('settings').orderBy('name').limit(1).del(),
      await db('accounts').whereIn('email', ['batch1@x', 'batch2@x', 'nobody']).del(),
    ],
    'a child without its parent': () =>
      db('entries').insert({ id: -1, account_id: -1, amount: 1 }).catch(toldError),
    'a parent with children': () => db('accounts').where({ email: 'knex1@x' }).del().catch(toldError),
    'rows from rows': async () => {
      await db(db.raw('?? (??, ??)', ['settings', 'name', 'value'])).insert(
        db('accounts').select('email', 'balance'),
      )
      return (await settings()).length
    },
    kinds: async () => {
      await db('kinds').insert({
        id: 1,
        decimals: '12345678901234567890.5',
        moment: new Date(1_700_000_000_123),
        bytes: Buffer.from([0, 255]),
        flag: true,
      })
      return db('kinds').first('id', 'decimals', 'moment', 'bytes', 'flag')
    },
    'tidied up': async () => {
      const gone = []
      for (const table of ['entries', 'accounts', 'settings', 'kinds']) gone.push(await db(table).del())
      return gone
    },
  },
  statements,
)
await db.destroy()
