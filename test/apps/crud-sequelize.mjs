// Sequelize looks at the schema, makes tables of its own in the unsharded keyspace, and works with rows of both.
import { DataTypes, Sequelize } from 'sequelize'
import { askAll, server } from './questions.mjs'

const statements = []
const { host, port, user: username, password } = server
const open = (database) =>
  new Sequelize(database, username, password, {
    dialect: 'mysql',
    host,
    port,
    pool: { max: 1 },
    logging: (text) => statements.push(text),
  })
const [shop, depot] = [open('shop'), open('depot')]
const tables = shop.getQueryInterface()
const own = depot.getQueryInterface()

const Note = depot.define('note', {
  id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
  text: { type: DataTypes.STRING(50), allowNull: false, unique: true },
  written: DataTypes.DATE(3),
  tags: DataTypes.JSON,
})
Note.hasMany(Note, { as: 'answers', foreignKey: 'about' })
const Customer = shop.define(
  'customer',
  {
    id: { type: DataTypes.BIGINT, primaryKey: true },
    name: DataTypes.STRING,
    country: DataTypes.CHAR(2),
    created_at: DataTypes.DATE,
  },
  { timestamps: false },
)

await askAll(
  {
    'tables of the shop': async () =>
      (await tables.showAllTables()).map((each) => each.tableName ?? each).sort(),
    'a sharded table': () => tables.describeTable('orders'),
    'its indexes': async () =>
      (await tables.showIndex('orders')).map(({ name, unique, fields }) => [name, unique, fields]),
    'its foreign keys': () => tables.getForeignKeyReferencesForTable('orders'),
    'a reference table': () => tables.describeTable('products'),
    'a table that is not there': () => tables.tableExists('nothing'),
    'tables made': async () => void (await depot.sync({ force: true })),
    'tables made again': async () => void (await depot.sync({ alter: true })),
    'what was made': () => own.describeTable('notes'),
    'a column more': async () => {
      await own.addColumn('notes', 'stars', { type: DataTypes.INTEGER, defaultValue: 3 })
      await own.addIndex('notes', ['stars'])
      return Object.keys(await own.describeTable('notes'))
    },
    'rows made': async () => {
      const note = await Note.create({
        text: 'one',
        written: new Date('2024-05-05T05:05:05.050Z'),
        tags: { a: [1] },
      })
      await note.createAnswer({ text: 'two', tags: null })
      return Note.findAll({
        attributes: ['id', 'text', 'about', 'tags', 'written'],
        order: ['id'],
        include: ['answers'].slice(1),
      })
    },
    'one of them twice': () => Note.create({ text: 'one' }),
    'rows changed and gone': async () => [
      await Note.update({ text: 'three' }, { where: { text: 'two' } }),
      await Note.destroy({ where: { about: 1 } }),
      await Note.count(),
    ],
    'a customer': async () => {
      const made = await Customer.create({ id: 701, name: 'Seq', country: 'AT', created_at: '2024-01-01' })
      await made.update({ name: 'Sequel' })
      await made.reload()
      return [made.name, await Customer.destroy({ where: { id: 701 } })]
    },
    'tables gone': () => depot.drop(),
  },
  statements,
)
await Promise.all([shop.close(), depot.close()])
