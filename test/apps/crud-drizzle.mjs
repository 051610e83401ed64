// Drizzle migrates the unsharded keyspace and works with rows of both; its relations are LATERAL joins of JSON.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  and,
  asc,
  avg,
  count,
  countDistinct,
  desc,
  eq,
  exists,
  gt,
  inArray,
  isNull,
  like,
  max,
  notExists,
  sql,
  sum,
} from 'drizzle-orm'
import {
  alias,
  bigint,
  char,
  datetime,
  decimal,
  int,
  mysqlTable,
  serial,
  union,
  varchar,
} from 'drizzle-orm/mysql-core'
import { drizzle } from 'drizzle-orm/mysql2'
import { migrate } from 'drizzle-orm/mysql2/migrator'
import { relations } from 'drizzle-orm/relations'
import mysql from 'mysql2/promise'
import { askAll, server } from './questions.mjs'

const statements = []
const logger = { logQuery: (text, values) => statements.push(`${text} ${JSON.stringify(values)}`) }

const customers = mysqlTable('customers', {
  id: bigint({ mode: 'number' }).primaryKey().autoincrement(),
  name: varchar({ length: 100 }).notNull(),
  email: varchar({ length: 200 }),
  country: char({ length: 2 }).notNull(),
  createdAt: datetime('created_at', { mode: 'string' }).notNull(),
})
const orders = mysqlTable('orders', {
  id: bigint({ mode: 'number' }).primaryKey().autoincrement(),
  customerId: bigint('customer_id', { mode: 'number' }).notNull(),
  status: varchar({ length: 10 }).notNull(),
  total: decimal({ precision: 12, scale: 2 }).notNull(),
  placedAt: datetime('placed_at', { mode: 'string' }).notNull(),
})
const bins = mysqlTable('bins', {
  id: serial().primaryKey(),
  label: varchar({ length: 20 }).unique(),
  size: int().default(4),
})
const customerRelations = relations(customers, ({ many }) => ({ orders: many(orders) }))
const orderRelations = relations(orders, ({ one }) => ({
  customer: one(customers, { fields: [orders.customerId], references: [customers.id] }),
}))
const schema = { customers, orders, customerRelations, orderRelations }

const connections = await Promise.all(
  ['shop', 'depot'].map((database) => mysql.createConnection({ ...server, database, timezone: 'Z' })),
)
const shop = drizzle(connections[0], { schema, mode: 'default', logger })
const depot = drizzle(connections[1], { logger })

const folder = mkdtempSync(join(tmpdir(), 'drizzle-'))
mkdirSync(join(folder, 'meta'))
const entries = [{ idx: 0, version: '5', when: 1_700_000_000_000, tag: '0000_first', breakpoints: true }]
writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify({ version: '5', dialect: 'mysql', entries }))
writeFileSync(
  join(folder, '0000_first.sql'),
  'CREATE TABLE `bins` (`id` serial AUTO_INCREMENT NOT NULL, `label` varchar(20), `size` int DEFAULT 4, CONSTRAINT `bins_id` PRIMARY KEY(`id`), CONSTRAINT `bins_label_unique` UNIQUE(`label`));\n--> statement-breakpoint\nCREATE INDEX `size_index` ON `bins` (`size`);',
)
const later = alias(orders, 'later')

await askAll(
  {
    migrated: () => migrate(depot, { migrationsFolder: folder }),
    'migrated again': () => migrate(depot, { migrationsFolder: folder }),
    'rows made': async () => {
      const [{ affectedRows, insertId }] = await depot
        .insert(bins)
        .values([{ label: 'a' }, { label: 'b', size: 6 }])
      return [affectedRows, insertId, await depot.select().from(bins).orderBy(asc(bins.id))]
    },
    'ids of what was made': () =>
      depot
        .insert(bins)
        .values([{ label: 'c' }, { label: 'd' }])
        .$returningId(),
    'one of them merged': async () => {
      await depot
        .insert(bins)
        .values({ label: 'a', size: 9 })
        .onDuplicateKeyUpdate({ set: { size: sql`${bins.size} + 1` } })
      return depot.select().from(bins).where(eq(bins.label, 'a'))
    },
    'rows changed and gone': async () => [
      (await depot.update(bins).set({ size: 1 }).where(gt(bins.size, 4)))[0].affectedRows,
      (await depot.delete(bins).where(eq(bins.size, 1)))[0].affectedRows,
    ],
    'a customer and the orders': () =>
      shop.query.customers.findFirst({
        where: eq(customers.id, 7),
        with: { orders: { orderBy: asc(orders.id) } },
      }),
    'customers and their orders': () =>
      shop.query.customers.findMany({
        with: { orders: { orderBy: asc(orders.id), limit: 2 } },
        orderBy: asc(customers.id),
        limit: 3,
      }),
    'orders and their customers': () =>
      shop.query.orders.findMany({ with: { customer: true }, orderBy: desc(orders.id), limit: 3 }),
    'joined, by page': () =>
      shop
        .select({ id: orders.id, name: customers.name })
        .from(orders)
        .innerJoin(customers, eq(customers.id, orders.customerId))
        .where(like(customers.name, '%a%'))
        .orderBy(asc(orders.id))
        .limit(4)
        .offset(4),
    'turnover by country': () =>
      shop
        .select({
          country: customers.country,
          turnover: sum(orders.total),
          buyers: countDistinct(orders.customerId),
          mean: avg(orders.total),
        })
        .from(customers)
        .leftJoin(orders, eq(orders.customerId, customers.id))
        .groupBy(customers.country)
        .having(({ turnover }) => gt(turnover, 7000))
        .orderBy(customers.country),
    'customers without orders': () =>
      shop
        .select({ id: customers.id })
        .from(customers)
        .where(
          notExists(shop.select({ one: sql`1` }).from(orders).where(eq(orders.customerId, customers.id))),
        )
        .orderBy(customers.id),
    'customers with a returned order': () =>
      shop
        .select({ n: count() })
        .from(customers)
        .where(
          exists(
            shop
              .select()
              .from(orders)
              .where(and(eq(orders.customerId, customers.id), eq(orders.status, 'returned'))),
          ),
        ),
    'orders of customers without an address': () =>
      shop
        .select({ latest: max(orders.placedAt), n: count() })
        .from(orders)
        .where(
          inArray(
            orders.customerId,
            shop.select({ id: customers.id }).from(customers).where(isNull(customers.email)),
          ),
        ),
    'latest orders, by a join with later ones': () =>
      shop
        .select({ id: orders.id })
        .from(orders)
        .leftJoin(later, and(eq(later.customerId, orders.customerId), gt(later.placedAt, orders.placedAt)))
        .where(isNull(later.id))
        .orderBy(orders.id)
        .limit(5),
    'above the average': () => {
      const spent = shop.$with('spent').as(
        shop
          .select({ id: orders.customerId, total: sum(orders.total).as('total') })
          .from(orders)
          .groupBy(orders.customerId),
      )
      return shop
        .with(spent)
        .select({ n: count(), most: max(spent.total) })
        .from(spent)
        .where(gt(spent.total, 1000))
    },
    'names of two kinds': () =>
      union(
        shop.select({ name: customers.country }).from(customers),
        shop.select({ name: orders.status }).from(orders),
      ).orderBy(sql`name`),
    'how many, as a derived table': () => shop.$count(orders, eq(orders.status, 'sent')),
    'a customer in a transaction': () =>
      shop.transaction(async (tx) => {
        await tx
          .insert(customers)
          .values({ id: 703, name: 'Drizzle', country: 'DE', createdAt: '2024-01-01 00:00:00' })
        await tx.transaction((inner) =>
          inner.update(customers).set({ name: 'Rain' }).where(eq(customers.id, 703)),
        )
        return tx.select({ name: customers.name }).from(customers).where(eq(customers.id, 703)).for('update')
      }),
    'a customer gone': async () =>
      (await shop.delete(customers).where(eq(customers.id, 703)))[0].affectedRows,
    'tables gone': async () => {
      for (const table of ['bins', '__drizzle_migrations'])
        await depot.execute(sql`drop table ${sql.identifier(table)}`)
    },
  },
  statements,
)
rmSync(folder, { recursive: true })
await Promise.all(connections.map((connection) => connection.end()))
