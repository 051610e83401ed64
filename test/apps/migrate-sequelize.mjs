// Sequelize makes, alters and drops tables of a sharded keyspace whose VSchema does not name them, as its migrations do.
import { DataTypes, Sequelize } from 'sequelize'
import { askAll, server } from './questions.mjs'

const statements = []
const db = new Sequelize('shop', server.user, server.password, {
  host: server.host,
  port: server.port,
  dialect: 'mysql',
  pool: { max: 1 },
  logging: (text) => statements.push(text),
})
const query = db.getQueryInterface()
const Meta = db.define(
  'SequelizeMeta',
  { name: { type: DataTypes.STRING, primaryKey: true } },
  { timestamps: false, tableName: 'SequelizeMeta' },
)
const Shelf = db.define('Shelf', { name: { type: DataTypes.STRING(40), unique: true } })
const Book = db.define('Book', {
  title: DataTypes.STRING(80),
  pages: { type: DataTypes.INTEGER, defaultValue: 1 },
})
Shelf.hasMany(Book)
Book.belongsTo(Shelf)

const sorted = (described) => Object.entries(described).sort()
const indexesOf = async (table) =>
  (await query.showIndex(table)).map(({ name, unique, fields }) => [
    name,
    unique,
    fields.map(({ attribute }) => attribute),
  ])

await askAll(
  {
    'its books': async () => {
      await Meta.sync()
      await Meta.sync()
      await Meta.create({ name: '001.js' })
      return (await Meta.findAll({ order: ['name'] })).map(({ name }) => name)
    },
    'tables made': async () => void (await db.sync()),
    'tables made again': async () => void (await db.sync({ alter: true })),
    tables: async () => (await query.showAllTables()).sort(),
    'a table': async () => sorted(await query.describeTable('Books')),
    'a sharded table': async () => sorted(await query.describeTable('orders')),
    rows: async () => {
      const shelf = await Shelf.create({ name: 'a', createdAt: 0, updatedAt: 0 })
      await Book.bulkCreate([
        { title: 'x', ShelfId: shelf.id },
        { title: 'y', ShelfId: shelf.id },
      ])
      return (
        await Shelf.findAll({
          include: { model: Book, attributes: ['title', 'pages'] },
          attributes: ['id', 'name'],
          order: [[Book, 'id']],
        })
      ).map((each) => each.toJSON())
    },
    'a row twice': () => Shelf.create({ name: 'a' }),
    'a shelf that is not there': () => Book.create({ ShelfId: 99 }),
    'a column more': async () => {
      await query.addColumn('Books', 'isbn', { type: DataTypes.CHAR(13), allowNull: true })
      await query.changeColumn('Books', 'isbn', { type: DataTypes.STRING(20), defaultValue: '-' })
      await query.renameColumn('Books', 'isbn', 'number')
      return sorted(await query.describeTable('Books'))
    },
    'an index more': async () => {
      await query.addIndex('Books', ['number', 'title'], { name: 'by_number' })
      const found = await indexesOf('Books')
      await query.removeIndex('Books', 'by_number')
      return found
    },
    'a constraint more': async () => {
      await query.addConstraint('Books', { type: 'unique', fields: ['title'], name: 'one_title' })
      await query.removeConstraint('Books', 'one_title')
      return indexesOf('Books')
    },
    'foreign keys': async () =>
      (await query.getForeignKeyReferencesForTable('Books')).map(({ columnName, referencedTableName }) => [
        columnName,
        referencedTableName,
      ]),
    'another name': async () => {
      await query.renameTable('Books', 'Volumes')
      return [await query.tableExists('Books'), await query.tableExists('Volumes')]
    },
    'all gone': async () => {
      for (const table of ['Volumes', 'Shelves', 'SequelizeMeta']) await query.dropTable(table)
      return (await query.showAllTables()).sort()
    },
  },
  statements,
)
await db.close()
