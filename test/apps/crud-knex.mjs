// Knex looks at the schema, migrates the unsharded keyspace, and works with rows of both.
import knex from 'knex'
import { askAll, server } from './questions.mjs'

const statements = []
const open = (database) => {
  const db = knex({ client: 'mysql2', connection: { ...server, database }, pool: { min: 1, max: 1 } })
  db.on('query', ({ sql, bindings }) => statements.push(`${sql} ${JSON.stringify(bindings)}`))
  return db
}
const [shop, depot] = [open('shop'), open('depot')]

const migration = {
  name: '001',
  up: async (db) => {
    await db.schema.createTable('lists', (table) => {
      table.increments()
      table.string('title', 60).notNullable().unique()
      table.decimal('weight', 8, 3).defaultTo(1)
      table.timestamps(true, true)
    })
    await db.schema.alterTable('lists', (table) => {
      table.integer('place').unsigned()
      table.index(['place', 'title'])
    })
  },
  down: (db) => db.schema.dropTable('lists'),
}
const migrationSource = {
  getMigrations: async () => [migration],
  getMigrationName: ({ name }) => name,
  getMigration: async (each) => each,
}

/** Sorted: Knex takes columns as information_schema has them, in no order. */
const columnsOf = async (db, table) => Object.entries(await db(table).columnInfo()).sort()

await askAll(
  {
    'a sharded table is there': () => shop.schema.hasTable('orders'),
    'another is not': () => shop.schema.hasTable('nothing'),
    'a column is there': () => shop.schema.hasColumn('orders', 'coupon'),
    columns: () => columnsOf(shop, 'orders'),
    'columns of a reference table': () => columnsOf(shop, 'products'),
    migrated: async () => (await depot.migrate.latest({ migrationSource }))[1],
    'migrated again': async () => (await depot.migrate.latest({ migrationSource }))[1],
    'what was made': () => columnsOf(depot, 'lists'),
    'rows made': async () => {
      const [id] = await depot('lists').insert([{ title: 'a' }, { title: 'b', weight: 2.5, place: 2 }])
      return [id, await depot('lists').select('id', 'title', 'weight', 'place').orderBy('id')]
    },
    'one of them twice': () => depot('lists').insert({ title: 'a' }),
    'one of them merged': async () => {
      await depot('lists').insert({ title: 'a', place: 9 }).onConflict('title').merge(['place'])
      return depot('lists').where({ title: 'a' }).first('title', 'place')
    },
    'orders by page': () =>
      shop('orders as o')
        .join('customers as c', 'c.id', 'o.customer_id')
        .select('o.id', 'c.name')
        .where('o.total', '>', 100)
        .orderBy('o.id')
        .limit(5)
        .offset(5),
    'orders of customers without an address': () =>
      shop('orders')
        .count('* as n')
        .whereIn('customer_id', shop('customers').select('id').whereNull('email'))
        .first(),
    'turnover by country': () =>
      shop('customers as c')
        .leftJoin('orders as o', 'o.customer_id', 'c.id')
        .groupBy('c.country')
        .orderBy('c.country')
        .select('c.country', shop.raw('COALESCE(SUM(o.total), 0) AS turnover')),
    'the largest order of each': () =>
      shop
        .with('ranked', (q) =>
          q
            .from('orders')
            .select(
              '*',
              shop.raw('ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY total DESC, id) AS n'),
            ),
        )
        .from('ranked')
        .where('n', 1)
        .orderBy('id')
        .limit(6)
        .select('id', 'customer_id'),
    'a customer in a transaction': () =>
      shop.transaction(async (trx) => {
        await trx('customers').insert({ id: 702, name: 'Knex', country: 'BR', created_at: '2024-01-01' })
        await trx('customers').where({ id: 702 }).increment('balance', 5)
        return trx('customers').where({ id: 702 }).forUpdate().first('name', 'balance')
      }),
    'a transaction that fails': () =>
      shop.transaction(async (trx) => {
        await trx('customers').where('id', '>', 0).update({ notes: 'lost' })
        throw new Error('no thanks')
      }),
    'nothing of it is left': () => shop('customers').where({ notes: 'lost' }).count('* as n').first(),
    'a customer gone': () => shop('customers').where({ id: 702 }).del(),
    'rolled back': async () => (await depot.migrate.rollback({ migrationSource }))[1],
    'tables gone': async () => {
      await depot.schema.dropTable('knex_migrations')
      await depot.schema.dropTableIfExists('knex_migrations_lock')
    },
  },
  statements,
)
await Promise.all([shop.destroy(), depot.destroy()])
