// The shop over Sequelize: models, includes with their derived tables, aggregates, literals and raw reports.
import { DataTypes, literal, Op, QueryTypes, Sequelize } from 'sequelize'
import { askAll, server } from './questions.mjs'

const statements = []
const db = new Sequelize({
  dialect: 'mysql',
  host: server.host,
  port: server.port,
  username: server.user,
  password: server.password,
  database: 'shop',
  pool: { max: 1 },
  define: { timestamps: false, underscored: true },
  logging: (text) => statements.push(text.replace(/^Executing \([^)]*\): /, '')),
})

const id = { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true }
const Country = db.define(
  'country',
  { code: { type: DataTypes.CHAR(2), primaryKey: true }, name: DataTypes.STRING, region: DataTypes.STRING },
  { tableName: 'countries' },
)
const Category = db.define('category', {
  id: { type: DataTypes.INTEGER, primaryKey: true },
  name: DataTypes.STRING,
  parentId: DataTypes.INTEGER,
})
const Product = db.define('product', {
  id: { type: DataTypes.INTEGER, primaryKey: true },
  categoryId: DataTypes.INTEGER,
  sku: DataTypes.STRING,
  name: DataTypes.STRING,
  price: DataTypes.DECIMAL(10, 2),
  active: DataTypes.BOOLEAN,
})
const Customer = db.define('customer', {
  id,
  name: DataTypes.STRING,
  email: DataTypes.STRING,
  country: DataTypes.CHAR(2),
  segment: DataTypes.ENUM('retail', 'trade', 'vip'),
  balance: DataTypes.DECIMAL(12, 2),
  createdAt: DataTypes.DATE,
  notes: DataTypes.TEXT,
})
const Order = db.define('order', {
  id,
  customerId: DataTypes.BIGINT,
  status: DataTypes.ENUM('new', 'paid', 'sent', 'returned'),
  total: DataTypes.DECIMAL(12, 2),
  coupon: DataTypes.STRING,
  placedAt: DataTypes.DATE,
  shippedAt: DataTypes.DATE,
})
const Item = db.define(
  'item',
  {
    id,
    orderId: DataTypes.BIGINT,
    customerId: DataTypes.BIGINT,
    productId: DataTypes.INTEGER,
    quantity: DataTypes.INTEGER,
    price: DataTypes.DECIMAL(10, 2),
  },
  { tableName: 'order_items' },
)
const Warehouse = db.define('warehouse', {
  id: { type: DataTypes.INTEGER, primaryKey: true },
  city: DataTypes.STRING,
})
const Stock = db.define(
  'stock',
  {
    productId: { type: DataTypes.INTEGER, primaryKey: true },
    warehouseId: { type: DataTypes.INTEGER, primaryKey: true },
    quantity: DataTypes.INTEGER,
  },
  { tableName: 'stock' },
)
Customer.hasMany(Order)
Order.belongsTo(Customer)
Order.hasMany(Item)
Item.belongsTo(Order)
Item.belongsTo(Product)
Product.hasMany(Item)
Product.belongsTo(Category)
Category.hasMany(Product)
Category.belongsTo(Category, { as: 'parent', foreignKey: 'parentId' })
Customer.belongsTo(Country, { foreignKey: 'country', as: 'land' })
Country.hasMany(Customer, { foreignKey: 'country' })
Product.hasMany(Stock)
Stock.belongsTo(Product)
Stock.belongsTo(Warehouse)

const { fn, col } = db
const report = (sql, replacements = {}) => db.query(sql, { type: QueryTypes.SELECT, replacements })

await askAll(
  {
    'the server': () => db.authenticate(),
    'order history': () =>
      Order.findAll({ where: { customerId: 7 }, order: [['placedAt', 'DESC']], limit: 3 }),
    'order with its items': () =>
      Order.findOne({
        where: { id: 33, customerId: 12 },
        include: [{ model: Item, include: [Product] }],
        order: [[Item, 'id', 'ASC']],
      }),
    'order by its own id': () =>
      Order.findByPk(44, { include: [Item, Customer], order: [[Item, 'id', 'ASC']] }),
    'customers with their orders, first page': () =>
      Customer.findAll({
        include: [Order],
        limit: 5,
        offset: 5,
        order: [
          ['id', 'ASC'],
          [Order, 'id', 'ASC'],
        ],
      }),
    'customers with a paid order, first page': () =>
      Customer.findAll({
        include: [{ model: Order, required: true, where: { status: 'paid' } }],
        limit: 4,
        order: [
          ['id', 'DESC'],
          [Order, 'id', 'ASC'],
        ],
      }),
    'orders by page, and how many there are': () =>
      Order.findAndCountAll({
        where: { status: { [Op.in]: ['paid', 'sent'] } },
        limit: 10,
        offset: 20,
        order: ['id'],
      }),
    'customers by page with their orders, and how many there are': () =>
      Customer.findAndCountAll({
        where: { segment: 'vip' },
        include: [Order],
        distinct: true,
        limit: 3,
        order: [
          ['name', 'ASC'],
          ['id', 'ASC'],
          [Order, 'id', 'ASC'],
        ],
      }),
    'orders by status': async () =>
      (await Order.count({ group: ['status'] })).map(({ status, count }) => `${status} ${count}`).sort(),
    'orders of a country': () =>
      Order.count({ include: [{ model: Customer, required: true, where: { country: 'JP' } }] }),
    'turnover of a day range': () =>
      Order.sum('total', { where: { placedAt: { [Op.between]: ['2023-06-01', '2023-12-31 23:59:59'] } } }),
    'smallest and largest order': async () => [await Order.min('total'), await Order.max('total')],
    'first order ever': () => Order.min('placedAt'),
    'top products': () =>
      Item.findAll({
        attributes: ['productId', [fn('SUM', col('quantity')), 'sold']],
        include: [{ model: Product, attributes: ['name'] }],
        group: ['productId', 'product.id', 'product.name'],
        order: [
          [literal('sold'), 'DESC'],
          ['productId', 'ASC'],
        ],
        limit: 5,
        raw: true,
      }),
    'customers who spent much': () =>
      Order.findAll({
        attributes: ['customerId', [fn('SUM', col('total')), 'spent'], [fn('COUNT', col('id')), 'orders']],
        group: ['customerId'],
        having: db.where(fn('SUM', col('total')), Op.gt, 900),
        order: [[literal('spent'), 'DESC']],
        raw: true,
      }),
    search: () =>
      Customer.findAll({
        where: {
          [Op.or]: [
            { name: { [Op.like]: '%ev%' } },
            { email: { [Op.like]: 'c1%.org' } },
            { notes: { [Op.substring]: 'rake' } },
          ],
        },
        order: [
          ['name', 'ASC'],
          ['id', 'ASC'],
        ],
        limit: 8,
      }),
    'customers and how often they ordered': () =>
      Customer.findAll({
        attributes: [
          'id',
          'name',
          [literal('(SELECT COUNT(*) FROM orders AS o WHERE o.customer_id = customer.id)'), 'orders'],
        ],
        order: [
          [literal('orders'), 'DESC'],
          ['id', 'ASC'],
        ],
        limit: 6,
        raw: true,
      }),
    'customers who bought a kind of thing': () =>
      Customer.findAll({
        where: {
          id: {
            [Op.in]: literal(
              `(SELECT i.customer_id FROM order_items i JOIN products p ON p.id = i.product_id WHERE p.name LIKE 'rake%')`,
            ),
          },
        },
        attributes: ['id', 'name'],
        order: ['id'],
      }),
    'customers without orders': () =>
      Customer.findAll({
        where: literal('NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = customer.id)'),
        attributes: ['id'],
        order: ['id'],
        raw: true,
      }),
    'customers whose left join finds nothing': () =>
      Customer.findAll({
        include: [{ model: Order, attributes: [] }],
        where: { '$orders.id$': null },
        order: ['id'],
      }),
    'countries that customers live in': () => Customer.aggregate('country', 'DISTINCT', { plain: false }),
    'how many countries': () => Customer.count({ distinct: true, col: 'country' }),
    'products and what was sold of them': () =>
      Product.findAll({
        attributes: ['id', 'name', [fn('COALESCE', fn('SUM', col('items.quantity')), 0), 'sold']],
        include: [{ model: Item, attributes: [] }],
        group: ['product.id', 'product.name'],
        order: ['id'],
        raw: true,
      }),
    'products with their newest items': () =>
      Product.findAll({
        where: { categoryId: 2 },
        include: [{ model: Item, required: false, where: { quantity: { [Op.gte]: 4 } } }],
        order: [
          ['id', 'ASC'],
          [Item, 'id', 'ASC'],
        ],
      }),
    'products never ordered': () =>
      Product.findAll({
        include: [{ model: Item, attributes: [], required: false }],
        where: { '$items.id$': null },
        attributes: ['id', 'sku'],
        order: ['id'],
      }),
    'customers by country': () =>
      Country.findAll({
        attributes: ['code', 'name', [fn('COUNT', col('customers.id')), 'customers']],
        include: [{ model: Customer, attributes: [] }],
        group: ['country.code', 'country.name'],
        order: ['code'],
        raw: true,
      }),
    'stock with products': () =>
      Stock.findAll({
        include: [{ model: Product, where: { active: true } }],
        order: ['productId'],
        limit: 6,
      }),
    'stock with warehouses': () =>
      Stock.findAll({ include: [Warehouse], where: { quantity: { [Op.lt]: 10 } }, order: ['productId'] }),
    'products with stock': () =>
      Product.findAll({
        include: [{ model: Stock, required: true, where: { quantity: { [Op.lt]: 5 } } }],
        order: ['id'],
      }),
    'categories and their parents': () => Category.findAll({ include: ['parent'], order: ['id'] }),
    'everything of a customer': () =>
      Customer.findByPk(3, {
        include: [
          { model: Order, include: [{ model: Item, include: [{ model: Product, include: [Category] }] }] },
        ],
        order: [
          [Order, 'id', 'ASC'],
          [Order, Item, 'id', 'ASC'],
        ],
      }),
    'orders of many customers, each by a query of its own': () =>
      Customer.findAll({
        where: { id: { [Op.lte]: 4 } },
        include: [{ model: Order, separate: true, order: ['id', [Item, 'id']], include: [Item] }],
        order: ['id'],
      }),
    'dashboard: totals': () =>
      report(`SELECT COUNT(*) AS orders, COALESCE(SUM(total), 0) AS turnover, SUM(total) / COUNT(*) AS average,
        COUNT(DISTINCT customer_id) AS buyers FROM orders`),
    'dashboard: nothing found': () =>
      report(
        `SELECT COALESCE(SUM(total), 0) AS turnover, MAX(placed_at) AS latest FROM orders WHERE total > 1000000`,
      ),
    'dashboard: this and that in one row': () =>
      report(`SELECT (SELECT COUNT(*) FROM customers) AS customers, (SELECT COALESCE(SUM(total), 0) FROM orders) AS turnover,
        (SELECT COUNT(*) FROM products WHERE active) AS products, (SELECT SUM(quantity) FROM stock) AS stock`),
    'turnover by month': () =>
      report(`SELECT DATE_FORMAT(placed_at, '%Y-%m') AS month, COUNT(*) AS orders, SUM(total) AS turnover
        FROM orders GROUP BY month ORDER BY month`),
    'turnover by month and status': () =>
      report(`SELECT YEAR(placed_at) AS y, MONTH(placed_at) AS m, SUM(CASE WHEN status = 'returned' THEN total ELSE 0 END) AS lost,
        SUM(CASE WHEN status <> 'returned' THEN total ELSE 0 END) AS kept FROM orders GROUP BY y, m ORDER BY y DESC, m DESC LIMIT 6`),
    'what happened lately': () =>
      report(
        `SELECT 'order' AS kind, id, placed_at AS at FROM orders WHERE placed_at > :since
        UNION ALL SELECT 'customer', id, created_at FROM customers WHERE created_at > :since ORDER BY at DESC, kind, id LIMIT 12`,
        { since: '2024-01-01' },
      ),
    'best order of each customer': () =>
      report(`SELECT * FROM (SELECT customer_id, id, total, RANK() OVER (PARTITION BY customer_id ORDER BY total DESC) AS place
        FROM orders) ranked WHERE place = 1 AND customer_id < 10 ORDER BY customer_id, id`),
    'rank of customers': () =>
      report(`SELECT customer_id, SUM(total) AS spent, RANK() OVER (ORDER BY SUM(total) DESC) AS place
        FROM orders GROUP BY customer_id ORDER BY place, customer_id LIMIT 10`),
    'above the average': () =>
      report(`WITH spent AS (SELECT customer_id, SUM(total) AS total FROM orders GROUP BY customer_id)
        SELECT c.name, s.total FROM spent s JOIN customers c ON c.id = s.customer_id
        WHERE s.total > (SELECT AVG(total) FROM spent) ORDER BY s.total DESC, c.id LIMIT 5`),
    'a new order in a transaction': () =>
      db.transaction(async (transaction) => {
        const order = await Order.create(
          { customerId: 8, status: 'new', placedAt: '2024-12-01T10:00:00Z', total: '12.50' },
          { transaction },
        )
        await Item.bulkCreate(
          [1, 2].map((productId) => ({
            orderId: order.id,
            customerId: 8,
            productId,
            quantity: 1,
            price: '6.25',
          })),
          { transaction },
        )
        return Order.findOne({
          where: { id: order.id },
          include: [{ model: Item, attributes: ['productId', 'price'] }],
          order: [[Item, 'productId', 'ASC']],
          transaction,
        })
      }),
    'a transaction that fails': () =>
      db.transaction(async (transaction) => {
        await Customer.update({ notes: 'lost' }, { where: { segment: 'trade' }, transaction })
        throw new Error('no thanks')
      }),
    'nothing of it is left': () => Customer.count({ where: { notes: 'lost' } }),
    'paid now': () => Order.update({ status: 'paid' }, { where: { status: 'new', customerId: [8, 9, 10] } }),
    'a balance that grows': async () => {
      await Customer.increment({ balance: 10 }, { where: { country: 'AT' } })
      return Customer.sum('balance', { where: { country: 'AT' } })
    },
    'found, then made': async () => {
      const defaults = { name: 'New', country: 'DE', createdAt: '2024-12-02T00:00:00Z' }
      const [first, isMade] = await Customer.findOrCreate({ where: { email: 'new@example.com' }, defaults })
      const [second, isMadeAgain] = await Customer.findOrCreate({
        where: { email: 'new@example.com' },
        defaults,
      })
      return [first.name, isMade, second.name, isMadeAgain]
    },
    'rows that go': () => Item.destroy({ where: { customerId: 8, price: '6.25' } }),
    'a customer that goes': () => Customer.destroy({ where: { email: 'new@example.com' } }),
  },
  statements,
)
await db.close()
