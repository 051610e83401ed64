// TypeORM migrates a sharded keyspace whose VSchema does not name the tables, and keeps its books there; then synchronises entities.
import { DataSource, EntitySchema, Table, TableColumn, TableForeignKey, TableIndex } from 'typeorm'
import { askAll, server } from './questions.mjs'

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

class Lists1700000000001 {
  name = 'Lists1700000000001'
  async up(runner) {
    const id = {
      name: 'id',
      type: 'int',
      isPrimary: true,
      isGenerated: true,
      generationStrategy: 'increment',
    }
    const title = { name: 'title', type: 'varchar', length: '60', isUnique: true }
    await runner.createTable(new Table({ name: 'lists', columns: [id, title] }), true)
    const listId = { name: 'list_id', type: 'int' }
    const weight = { name: 'weight', type: 'decimal', precision: 8, scale: 3, default: 1 }
    await runner.createTable(new Table({ name: 'list_items', columns: [id, listId, weight] }))
    const refers = { columnNames: ['list_id'], referencedTableName: 'lists', referencedColumnNames: ['id'] }
    await runner.createForeignKey(
      'list_items',
      new TableForeignKey({ ...refers, name: 'of_list', onDelete: 'CASCADE' }),
    )
  }
  async down(runner) {
    await runner.dropTable('list_items')
    await runner.dropTable('lists')
  }
}
class Places1700000000002 {
  name = 'Places1700000000002'
  async up(runner) {
    await runner.addColumn(
      'lists',
      new TableColumn({ name: 'place', type: 'int', unsigned: true, isNullable: true }),
    )
    await runner.createIndex('lists', new TableIndex({ name: 'by_place', columnNames: ['place', 'title'] }))
    await runner.renameColumn('lists', 'title', 'name')
    await runner.query("INSERT INTO lists (name, place) VALUES ('a', 1), ('b', 2)")
    await runner.query('INSERT INTO list_items (list_id) VALUES (1)')
  }
  async down(runner) {
    await runner.dropIndex('lists', 'by_place')
    await runner.dropColumn('lists', 'place')
  }
}
class Wrong1700000000003 {
  name = 'Wrong1700000000003'
  async up(runner) {
    await runner.query("INSERT INTO lists (name) VALUES ('c')")
    await runner.query('INSERT INTO list_items (list_id) VALUES (99)')
  }
  async down() {}
}

const Shelf = new EntitySchema({
  name: 'Shelf',
  tableName: 'shelves',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    label: { type: 'varchar', length: 40, unique: true },
    kind: { type: 'enum', enum: ['wood', 'steel'], default: 'wood' },
    made: { type: 'datetime', precision: 6, createDate: true, select: false },
  },
  relations: { lists: { type: 'one-to-many', target: 'Board', inverseSide: 'shelf' } },
})
const Board = new EntitySchema({
  name: 'Board',
  tableName: 'boards',
  columns: { id: { type: 'int', primary: true, generated: true }, width: { type: 'double', nullable: true } },
  relations: { shelf: { type: 'many-to-one', target: 'Shelf', inverseSide: 'lists', onDelete: 'CASCADE' } },
  indices: [{ columns: ['width'] }],
})

const open = (more) => {
  const { user: username, ...to } = server
  const settings = { database: 'shop', poolSize: 1, logger, logging: true, timezone: 'Z' }
  return new DataSource({ type: 'mysql', ...to, username, ...settings, ...more }).initialize()
}
const db = await open({ migrations: [Lists1700000000001, Places1700000000002] })
const wrong = await open({ migrations: [Lists1700000000001, Places1700000000002, Wrong1700000000003] })
const entities = await open({ entities: [Shelf, Board] })

const namesOf = (migrations) => migrations.map(({ name }) => name)
const describe = async (name) => {
  const runner = db.createQueryRunner()
  try {
    const table = await runner.getTable(name)
    return {
      columns: table.columns
        .map(({ name, type, isNullable, default: value }) => [name, type, isNullable, value])
        .sort(),
      indices: table.indices.map(({ name, columnNames }) => [name, columnNames]).sort(),
      foreign: table.foreignKeys.map(({ columnNames, referencedTableName }) => [
        columnNames,
        referencedTableName,
      ]),
    }
  } finally {
    await runner.release()
  }
}

await askAll(
  {
    'what is to be done': () => db.showMigrations(),
    migrated: async () => namesOf(await db.runMigrations({ transaction: 'all' })),
    'migrated again': async () => namesOf(await db.runMigrations()),
    'its books': () => db.query('SELECT timestamp, name FROM migrations ORDER BY id'),
    'what was made': async () => [await describe('lists'), await describe('list_items')],
    rows: () =>
      db.query(
        'SELECT l.name, i.weight FROM lists l LEFT JOIN list_items i ON i.list_id = l.id ORDER BY l.id',
      ),
    'one that fails': () => wrong.runMigrations({ transaction: 'each' }),
    'nothing of it is left': () => db.query('SELECT name FROM lists ORDER BY id'),
    'one back': async () => {
      await db.undoLastMigration()
      return [await describe('lists'), await db.query('SELECT name FROM migrations')]
    },
    'entities synchronised': () => entities.synchronize(),
    'synchronised again': async () => (await entities.driver.createSchemaBuilder().log()).upQueries.length,
    'what they have': async () => {
      await entities.getRepository(Shelf).save({ label: 'a' })
      await entities.getRepository(Board).save({ width: 1.5, shelf: { id: 1 } })
      return [
        await describe('boards'),
        await entities.getRepository(Shelf).find({ relations: { lists: true } }),
      ]
    },
    'all gone': async () => {
      await db.undoLastMigration()
      for (const table of ['boards', 'shelves', 'migrations']) await db.query(`DROP TABLE ${table}`)
      return db.query('SHOW TABLES')
    },
  },
  statements,
)
for (const each of [db, wrong, entities]) await each.destroy()
