// TypeORM looks at the schema, synchronises entities with the unsharded keyspace, and works with rows of both.
import { DataSource, EntitySchema, IsNull } from 'typeorm'
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
const open = (database, entities) => {
  const { user: username, ...to } = server
  const more = { poolSize: 1, logger, logging: true, entities, timezone: 'Z' }
  return new DataSource({ type: 'mysql', ...to, username, database, ...more }).initialize()
}

const Customer = new EntitySchema({
  name: 'Customer',
  tableName: 'customers',
  columns: {
    id: { type: 'bigint', primary: true, generated: true },
    name: { type: 'varchar' },
    email: { type: 'varchar', nullable: true },
    country: { type: 'char', length: 2 },
    createdAt: { type: 'datetime', name: 'created_at' },
  },
  relations: { orders: { type: 'one-to-many', target: 'Order', inverseSide: 'customer' } },
})
const Order = new EntitySchema({
  name: 'Order',
  tableName: 'orders',
  columns: {
    id: { type: 'bigint', primary: true, generated: true },
    status: { type: 'varchar' },
    total: { type: 'decimal' },
    placedAt: { type: 'datetime', name: 'placed_at' },
  },
  relations: {
    customer: {
      type: 'many-to-one',
      target: 'Customer',
      joinColumn: { name: 'customer_id' },
      inverseSide: 'orders',
    },
  },
})
const Task = new EntitySchema({
  name: 'Task',
  tableName: 'tasks',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    title: { type: 'varchar', length: 40, unique: true },
    state: { type: 'enum', enum: ['open', 'done'], default: 'open' },
    due: { type: 'date', nullable: true },
    made: { type: 'datetime', precision: 6, createDate: true, select: false },
    version: { type: 'int', version: true },
  },
  indices: [{ columns: ['state', 'due'] }],
})

const shop = await open('shop', [Customer, Order])
const depot = await open('depot', [Task])
const customers = shop.getRepository(Customer)
const orders = shop.getRepository(Order)
const tasks = depot.getRepository(Task)

const describe = async (source, name) => {
  const runner = source.createQueryRunner()
  try {
    const table = await runner.getTable(name)
    const columns = table.columns.map(({ name, type, isNullable, default: value, isGenerated }) => [
      name,
      type,
      isNullable,
      value,
      isGenerated,
    ])
    return { columns: columns.sort(), indices: table.indices.map(({ columnNames }) => columnNames).sort() }
  } finally {
    await runner.release()
  }
}

await askAll(
  {
    'a sharded table': () => describe(shop, 'orders'),
    'a reference table': () => describe(shop, 'products'),
    'tables made': () => depot.synchronize(),
    'tables made again': () => depot.synchronize(),
    'what was made': () => describe(depot, 'tasks'),
    'rows made': async () => {
      await tasks.save([{ title: 'write' }, { title: 'read', due: '2024-02-29' }])
      return tasks.find({ order: { id: 'ASC' } })
    },
    'one of them twice': () => tasks.insert({ title: 'read' }),
    'rows changed': async () => {
      const task = await tasks.findOneByOrFail({ title: 'write' })
      task.state = 'done'
      await tasks.save(task)
      return tasks.findAndCount({ where: { state: 'done' } })
    },
    'rows gone': () => tasks.delete({ due: IsNull() }),
    'customers with their orders, first page': () =>
      customers.find({
        relations: { orders: true },
        order: { id: 'ASC', orders: { id: 'ASC' } },
        take: 3,
        skip: 2,
      }),
    'customers by page, and how many there are': () =>
      customers.findAndCount({
        where: { country: 'JP' },
        order: { name: 'ASC', id: 'ASC' },
        take: 3,
        skip: 3,
      }),
    'orders of a country': () =>
      orders.find({
        where: { customer: { country: 'BR' }, status: 'paid' },
        relations: { customer: true },
        order: { id: 'ASC' },
      }),
    'turnover by country': () =>
      shop
        .createQueryBuilder(Order, 'o')
        .innerJoin('o.customer', 'c')
        .select('c.country', 'country')
        .addSelect('SUM(o.total)', 'turnover')
        .groupBy('c.country')
        .having('SUM(o.total) > :least', { least: 7000 })
        .orderBy('turnover', 'DESC')
        .getRawMany(),
    'orders above the average': () =>
      shop
        .createQueryBuilder(Order, 'o')
        .where((q) => `o.total > ${q.subQuery().select('AVG(a.total)').from(Order, 'a').getQuery()}`)
        .orderBy('o.id')
        .limit(4)
        .getMany(),
    'whether there is one': () => orders.existsBy({ status: 'returned' }),
    'sums and limits': async () => [
      await orders.sum('total', { status: 'paid' }),
      await orders.maximum('total'),
    ],
    'a customer in a transaction': () =>
      shop.transaction(async (manager) => {
        const made = await manager.save(Customer, {
          name: 'Typ',
          country: 'AT',
          createdAt: new Date('2024-01-01T00:00:00Z'),
        })
        await manager.update(Customer, made.id, { name: 'Type' })
        const found = await manager.findOneByOrFail(Customer, { id: made.id })
        return [found.name, (await manager.delete(Customer, made.id)).affected]
      }),
    'a transaction that fails': () =>
      shop.transaction(async (manager) => {
        await manager.update(Customer, { country: 'AT' }, { email: 'lost' })
        throw new Error('no thanks')
      }),
    'nothing of it is left': () => customers.countBy({ email: 'lost' }),
    'tables gone': () => depot.query('DROP TABLE tasks'),
  },
  statements,
)
await Promise.all([shop.destroy(), depot.destroy()])
