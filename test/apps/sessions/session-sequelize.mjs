// Sequelize: managed transactions, savepoints, bulk operations and upserts over sharded tables.
import { DataTypes, Sequelize, Transaction } from 'sequelize'
import { askAll, server } from '../questions.mjs'

const statements = []
const { host, port, user, password } = server
const db = new Sequelize('work', user, password, {
  dialect: 'mysql',
  host,
  port,
  pool: { max: 1 },
  logging: (sql) => statements.push(sql),
  define: { timestamps: false },
})
const Account = db.define('account', {
  id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
  email: { type: DataTypes.STRING(100), unique: 'by_email' },
  balance: DataTypes.DECIMAL(12, 2),
  opened: DataTypes.DATE,
})
const Entry = db.define('entry', {
  id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
  amount: DataTypes.DECIMAL(10, 2),
  note: DataTypes.STRING(40),
})
Account.hasMany(Entry, { foreignKey: 'account_id' })
Entry.belongsTo(Account, { foreignKey: 'account_id' })
const Setting = db.define('setting', {
  name: { type: DataTypes.STRING(40), primaryKey: true },
  value: DataTypes.STRING(60),
  changes: { type: DataTypes.INTEGER, defaultValue: 0 },
})
const Kind = db.define('kind', {
  id: { type: DataTypes.INTEGER, primaryKey: true },
  decimals: DataTypes.DECIMAL(30, 10),
  moment: DataTypes.DATE(6),
  bytes: DataTypes.BLOB,
})

const accounts = async (transaction) =>
  (await Account.findAll({ order: ['email'], transaction })).map(({ email, balance }) => [email, balance])
const settings = async () => (await Setting.findAll({ order: ['name'] })).map((each) => each.toJSON())
const toldError = (error) => [error.name, error.message, error.parent?.errno, error.fields]

await askAll(
  {
    'rows made': async () => {
      const one = await Account.create({
        email: 'seq0@x',
        balance: '1.50',
        opened: new Date(1_700_000_000_000),
      })
      await one.createEntry({ amount: 1, note: 'first' })
      const more = Array.from({ length: 8 }, (_, i) => ({ email: `seq${i + 1}@x`, balance: i }))
      const made = await Account.bulkCreate(more)
      return [typeof one.id, made.length, await accounts()]
    },
    'with what belongs to it': async () => {
      const made = await Account.create(
        { email: 'with@x', balance: 1, entries: [{ amount: 2 }, { amount: 3 }] },
        { include: Entry },
      )
      const found = await Account.findByPk(made.id, { include: Entry, order: [[Entry, 'id']] })
      return found.entries.map(({ amount }) => amount)
    },
    'a transaction': () =>
      db.transaction(async (transaction) => {
        const one = await Account.findOne({
          where: { email: 'seq1@x' },
          transaction,
          lock: transaction.LOCK.UPDATE,
        })
        const two = await Account.findOne({ where: { email: 'seq2@x' }, transaction, lock: true })
        await one.decrement('balance', { by: 5, transaction })
        await two.increment({ balance: 5 }, { transaction })
        await Setting.create({ name: 'moved', value: '5' }, { transaction })
        return accounts(transaction)
      }),
    'a transaction that fails': () =>
      db.transaction(async (transaction) => {
        await Account.update({ balance: 0 }, { where: {}, transaction })
        await Setting.create({ name: 'moved' }, { transaction })
      }),
    'nothing of it is left': () => accounts(),
    savepoints: async () => {
      const errors = []
      await db.transaction({ isolationLevel: Transaction.ISOLATION_LEVELS.READ_COMMITTED }, async (outer) => {
        await Setting.create({ name: 'outer' }, { transaction: outer })
        await db
          .transaction({ transaction: outer }, async (inner) => {
            await Setting.create({ name: 'inner' }, { transaction: inner })
            await Account.create({ email: 'seq1@x' }, { transaction: inner })
          })
          .catch((error) => errors.push(toldError(error)))
        await Setting.create({ name: 'after' }, { transaction: outer })
      })
      return [errors, await settings()]
    },
    'a child without its parent': () => Entry.create({ id: -1, account_id: -1, amount: 1 }).catch(toldError),
    'a parent with children': () => Account.destroy({ where: { email: 'with@x' } }).catch(toldError),
    upserts: async () => [
      await Setting.upsert({ name: 'outer', value: '1' }).then(([, isNew]) => isNew),
      await Setting.upsert({ name: 'new', value: '2' }).then(([, isNew]) => isNew),
      await Account.upsert({ email: 'seq1@x', balance: 77 }).then(([, isNew]) => isNew),
      await settings(),
      await accounts(),
    ],
    'upserts in bulk': async () => {
      const rows = ['outer', 'new', 'newer'].map((name) => ({ name, value: 'bulk', changes: 1 }))
      await Setting.bulkCreate(rows, { updateOnDuplicate: ['name', 'value'] })
      await Setting.bulkCreate(rows, { ignoreDuplicates: true })
      return settings()
    },
    'found or made': async () => [
      (await Setting.findOrCreate({ where: { name: 'outer' }, defaults: { value: 'x' } }))[1],
      (await Setting.findOrCreate({ where: { name: 'made' }, defaults: { value: 'x' } }))[1],
    ],
    'rows changed': async () =>
      [
        await Setting.update({ value: 'bulk' }, { where: {} }),
        await Setting.increment('changes', { by: 2, where: { value: 'bulk' } }),
        await Account.update(
          { balance: db.literal('balance * 2') },
          { where: { email: ['seq3@x', 'seq4@x'] }, limit: 1 },
        ),
      ].map((each) => (Array.isArray(each) ? (each.flat()[0]?.affectedRows ?? each.flat()[0]) : each)),
    kinds: async () => {
      await Kind.create({
        id: 1,
        decimals: '12345678901234567890.5',
        moment: new Date(1_700_000_000_123),
        bytes: Buffer.from([0, 255, 39]),
      })
      return Kind.findAll()
    },
    'raw statements': async () => [
      await db.query('INSERT INTO settings (name, value) VALUES (?, ?), (?, ?)', {
        replacements: ['r1', 1, 'r2', 2],
      }),
      await db
        .query('SELECT name FROM settings WHERE name LIKE $like ORDER BY name', { bind: { like: 'r%' } })
        .then(([rows]) => rows),
    ],
    'tidied up': async () => {
      const gone = []
      for (const model of [Entry, Account, Setting, Kind]) gone.push(await model.destroy({ where: {} }))
      return gone
    },
  },
  statements,
)
await db.close()
