// Knex migrates a sharded keyspace whose VSchema does not name the tables, and keeps its books there.
import knex from 'knex'
import { askAll, server } from './questions.mjs'

const statements = []
const db = knex({ client: 'mysql2', connection: { ...server, database: 'shop' }, pool: { min: 1, max: 1 } })
db.on('query', ({ sql, bindings }) => statements.push(`${sql} ${JSON.stringify(bindings)}`))

const migrations = [
  {
    name: '001_lists',
    up: async (trx) => {
      await trx.schema.createTable('lists', (table) => {
        table.increments()
        table.string('title', 60).notNullable().unique()
        table.timestamps(true, true)
      })
      await trx.schema.createTable('list_items', (table) => {
        table.bigIncrements()
        table.integer('list_id').unsigned().references('lists.id').onDelete('CASCADE')
        table.decimal('weight', 8, 3).defaultTo(1)
      })
    },
    down: async (trx) => {
      await trx.schema.dropTable('list_items')
      await trx.schema.dropTableIfExists('lists')
    },
  },
  {
    name: '002_places',
    up: async (trx) => {
      await trx.schema.alterTable('lists', (table) => {
        table.integer('place').unsigned()
        table.index(['place', 'title'])
        table.renameColumn('title', 'name')
      })
      await trx('lists').insert([
        { name: 'a', place: 1 },
        { name: 'b', place: 2 },
      ])
      await trx('list_items').insert({ list_id: 1 })
    },
    down: (trx) => trx.schema.alterTable('lists', (table) => table.dropColumn('place')),
  },
]
const migrationSource = {
  getMigrations: async () => migrations,
  getMigrationName: ({ name }) => name,
  getMigration: async (each) => each,
}
/** Sorted: Knex takes columns as information_schema has them, in no order. */
const columnsOf = async (table) => Object.entries(await db(table).columnInfo()).sort()
const namesOf = ([batch, names]) => [batch, names.map((each) => each.name ?? each)]

await askAll(
  {
    'nothing yet': () => db.schema.hasTable('lists'),
    'what is to be done': async () => (await db.migrate.list({ migrationSource }))[1].length,
    migrated: async () => namesOf(await db.migrate.latest({ migrationSource })),
    'migrated again': async () => namesOf(await db.migrate.latest({ migrationSource })),
    'what has been done': () => db('knex_migrations').orderBy('id').select('id', 'name', 'batch'),
    'the lock is free': () => db('knex_migrations_lock').select(),
    'the table': () => db.schema.hasTable('lists'),
    'a column': () => db.schema.hasColumn('lists', 'place'),
    columns: () => columnsOf('lists'),
    'columns of a sharded table': () => columnsOf('orders'),
    rows: () =>
      db('lists').join('list_items', 'lists.id', 'list_items.list_id').select('lists.name', 'weight'),
    'what another has': () =>
      db('lists')
        .leftJoin('customers', 'customers.id', 'lists.id')
        .orderBy('lists.id')
        .select('lists.name', 'customers.name as customer'),
    'a row twice': () => db('lists').insert({ name: 'a' }),
    'one step back': async () => namesOf(await db.migrate.rollback({ migrationSource })),
    'nothing left': () => db.schema.hasTable('list_items'),
    'all again': async () => namesOf(await db.migrate.latest({ migrationSource })),
    'all back': async () => namesOf(await db.migrate.rollback({ migrationSource }, true)),
    'its books are gone': () => db.schema.dropTable('knex_migrations').dropTable('knex_migrations_lock'),
  },
  statements,
)
await db.destroy()
