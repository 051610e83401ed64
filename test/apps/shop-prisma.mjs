// The shop over Prisma: relations loaded by further queries and by joins, filters over relations, aggregates, raw reports.
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { Prisma, PrismaClient } from '@prisma/client'
import { askAll, server } from './questions.mjs'

const statements = []
const adapter = new PrismaMariaDb({
  ...server,
  database: 'shop',
  connectionLimit: 1,
  allowPublicKeyRetrieval: true,
})
const db = new PrismaClient({ adapter, log: [{ emit: 'event', level: 'query' }] })
db.$on('query', ({ query, params }) => statements.push(`${query} ${params}`))

/** With joins Prisma has the server aggregate JSON in correlated subqueries; otherwise it asks once for each relation. */
const byJoins = { relationLoadStrategy: 'join' }
const byQueries = { relationLoadStrategy: 'query' }
const report = (...template) => db.$queryRaw(Prisma.sql(...template))

await askAll(
  {
    'order history': () =>
      db.order.findMany({ where: { customerId: 7 }, orderBy: { placedAt: 'desc' }, take: 3 }),
    'order with its items': () =>
      db.order.findFirst({
        ...byQueries,
        where: { id: 33, customerId: 12 },
        include: { items: { include: { product: true }, orderBy: { id: 'asc' } } },
      }),
    'order by its own id': () => db.order.findUnique({ where: { id: 44 }, include: { customer: true } }),
    'customers with their orders, first page': () =>
      db.customer.findMany({
        ...byQueries,
        include: { orders: { orderBy: { id: 'asc' } } },
        orderBy: { id: 'asc' },
        skip: 5,
        take: 5,
      }),
    'customers with their last two orders': () =>
      db.customer.findMany({
        ...byQueries,
        where: { id: { lte: 6 } },
        include: { orders: { orderBy: { placedAt: 'desc' }, take: 2 } },
        orderBy: { id: 'asc' },
      }),
    'the same by joins': () =>
      db.customer.findMany({
        ...byJoins,
        where: { id: { lte: 6 } },
        include: { orders: { orderBy: { placedAt: 'desc' }, take: 2 } },
        orderBy: { id: 'asc' },
      }),
    'an order with everything by joins': () =>
      db.order.findFirst({
        ...byJoins,
        where: { id: 33 },
        include: {
          customer: { include: { land: true } },
          items: { include: { product: true }, orderBy: { id: 'asc' } },
        },
      }),
    'customers with a large order': () =>
      db.customer.findMany({
        where: { orders: { some: { total: { gt: 480 } } } },
        select: { id: true, name: true },
        orderBy: { id: 'asc' },
      }),
    'customers without orders': () =>
      db.customer.findMany({ where: { orders: { none: {} } }, select: { id: true }, orderBy: { id: 'asc' } }),
    'customers whose orders are all paid or sent': () =>
      db.customer.findMany({
        where: { orders: { every: { status: { in: ['paid', 'sent'] } }, some: {} } },
        select: { id: true },
        orderBy: { id: 'asc' },
      }),
    'orders of a region': () =>
      db.order.findMany({
        where: { customer: { land: { region: 'Asia' } }, status: 'paid' },
        select: { id: true, customer: { select: { name: true, country: true } } },
        orderBy: { id: 'asc' },
      }),
    'how many orders each has': () =>
      db.customer.findMany({
        select: { id: true, _count: { select: { orders: true, items: true } } },
        orderBy: [{ orders: { _count: 'desc' } }, { id: 'asc' }],
        take: 6,
      }),
    'how many paid orders each has': () =>
      db.customer.findMany({
        select: { id: true, _count: { select: { orders: { where: { status: 'paid' } } } } },
        orderBy: { id: 'asc' },
        take: 8,
      }),
    'by page': async () => [
      await db.order.count({ where: { status: 'paid' } }),
      await db.order.findMany({ where: { status: 'paid' }, orderBy: { id: 'asc' }, skip: 10, take: 5 }),
    ],
    'after a cursor': () =>
      db.order.findMany({
        cursor: { id: 90 },
        skip: 1,
        take: 4,
        orderBy: [{ placedAt: 'asc' }, { id: 'asc' }],
      }),
    'orders ordered by what customers are called': () =>
      db.order.findMany({ orderBy: [{ customer: { name: 'asc' } }, { id: 'desc' }], take: 5 }),
    'turnover by status': () =>
      db.order.groupBy({
        by: ['status'],
        _sum: { total: true },
        _avg: { total: true },
        _min: { placedAt: true },
        _max: { total: true },
        _count: { _all: true, coupon: true },
        orderBy: { status: 'asc' },
      }),
    'customers who spent much': () =>
      db.order.groupBy({
        by: ['customerId'],
        _sum: { total: true },
        having: { total: { _sum: { gt: 900 } } },
        orderBy: { _sum: { total: 'desc' } },
        take: 7,
      }),
    'top products': () =>
      db.item.groupBy({
        by: ['productId'],
        _sum: { quantity: true },
        orderBy: [{ _sum: { quantity: 'desc' } }, { productId: 'asc' }],
        take: 5,
      }),
    totals: () =>
      db.order.aggregate({
        _sum: { total: true },
        _avg: { total: true },
        _count: true,
        _max: { placedAt: true },
      }),
    'totals of a page': () =>
      db.order.aggregate({ _sum: { total: true }, _count: true, orderBy: { id: 'desc' }, take: 20 }),
    'totals of nothing': () =>
      db.order.aggregate({ where: { total: { gt: 1e6 } }, _sum: { total: true }, _count: true }),
    'countries that customers live in': () =>
      db.customer.findMany({ distinct: ['country'], select: { country: true }, orderBy: { country: 'asc' } }),
    search: () =>
      db.customer.findMany({
        where: {
          OR: [
            { name: { contains: 'ev' } },
            { email: { endsWith: '1.example.org' } },
            { notes: { startsWith: 'likes r' } },
          ],
        },
        orderBy: [{ name: 'asc' }, { id: 'asc' }],
        take: 8,
      }),
    'without an address': () => db.customer.count({ where: { email: null, NOT: { segment: 'vip' } } }),
    'countries and their customers': () =>
      db.country.findMany({ include: { _count: { select: { customers: true } } }, orderBy: { code: 'asc' } }),
    'products never ordered': () =>
      db.product.findMany({ where: { items: { none: {} } }, select: { sku: true }, orderBy: { id: 'asc' } }),
    'products that run out': () =>
      db.product.findMany({
        ...byQueries,
        where: { stock: { some: { quantity: { lt: 5 } } } },
        include: { stock: { include: { warehouse: true } }, category: { include: { parent: true } } },
        orderBy: { id: 'asc' },
      }),
    'stock by warehouse': () =>
      db.warehouse.findMany({
        include: { stock: { orderBy: { productId: 'asc' }, take: 2 } },
        orderBy: { id: 'asc' },
      }),
    'report: totals': () =>
      report`SELECT COUNT(*) AS orders, COALESCE(SUM(total), 0) AS turnover, SUM(total) / COUNT(*) AS average FROM orders`,
    'report: turnover by month': () =>
      report`SELECT DATE_FORMAT(placed_at, '%Y-%m') AS month, SUM(total) AS turnover FROM orders WHERE total > ${50}
        GROUP BY month HAVING SUM(total) > ${1000} ORDER BY month`,
    'report: running total': () =>
      report`SELECT id, SUM(total) OVER (ORDER BY placed_at, id) AS so_far FROM orders WHERE customer_id IN (${1}, ${2}, ${3})
        ORDER BY placed_at, id`,
    'report: latest order of each customer': () =>
      report`SELECT c.id, c.name, o.id AS order_id FROM customers c JOIN orders o ON o.customer_id = c.id
        WHERE o.placed_at = (SELECT MAX(p.placed_at) FROM orders p WHERE p.customer_id = c.id) AND c.segment = ${'vip'} ORDER BY c.id`,
    'report: products beside their stock': () =>
      report`SELECT p.name, COALESCE(SUM(i.quantity), 0) AS sold, s.quantity AS stock FROM products p
        LEFT JOIN order_items i ON i.product_id = p.id LEFT JOIN depot.stock s ON s.product_id = p.id
        WHERE p.category_id = ${3} GROUP BY p.id, p.name, s.quantity ORDER BY p.id`,
    'an order with its items is made': () =>
      db.order.create({
        data: {
          customer: { connect: { id: 9 } },
          placedAt: new Date('2024-12-03T09:00:00Z'),
          total: '18.75',
          items: {
            create: [
              {
                customer: { connect: { id: 9 } },
                product: { connect: { id: 3 } },
                quantity: 3,
                price: '6.25',
              },
            ],
          },
        },
        include: { items: { select: { productId: true, quantity: true } } },
      }),
    'a transaction': () =>
      db.$transaction([
        db.order.updateMany({ where: { customerId: 9, total: '18.75' }, data: { status: 'paid' } }),
        db.customer.update({
          where: { id: 9 },
          data: { balance: { decrement: '18.75' } },
          select: { balance: true },
        }),
      ]),
    'a transaction that fails': () =>
      db.$transaction(async (tx) => {
        await tx.customer.updateMany({ data: { notes: 'lost' } })
        throw new Error('no thanks')
      }),
    'nothing of it is left': () => db.customer.count({ where: { notes: 'lost' } }),
    'made or changed': async () => {
      const upsert = (name) =>
        db.customer.upsert({
          where: { id: 900 },
          create: {
            id: 900,
            name,
            land: { connect: { code: 'AT' } },
            createdAt: new Date('2024-12-03T09:00:00Z'),
          },
          update: { name },
          select: { id: true, name: true },
        })
      return [await upsert('first'), await upsert('second')]
    },
    'a customer that goes': () => db.customer.delete({ where: { id: 900 }, select: { name: true } }),
    'items that go': () => db.item.deleteMany({ where: { customerId: 9, quantity: 3, price: '6.25' } }),
  },
  statements,
)
await db.$disconnect()
