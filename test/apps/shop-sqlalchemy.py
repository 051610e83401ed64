"""The shop over SQLAlchemy: eager loading, expressions, windows, common table expressions, two schemas in one query."""
from datetime import datetime
from decimal import Decimal
from typing import Optional

from sqlalchemy import (URL, ForeignKey, and_, case, create_engine, delete, distinct, event, exists, extract, func, insert,
                        literal, or_, select, text, tuple_, union, union_all, update)
from sqlalchemy.orm import (DeclarativeBase, Mapped, Session, aliased, contains_eager, joinedload, mapped_column,
                            relationship, selectinload, subqueryload)

from questions import ask_all, server


class Base(DeclarativeBase):
    def seen(self):
        """Columns, and what has been loaded with them."""
        names = [attribute.key for attribute in self.__mapper__.attrs if attribute.key in self.__dict__]
        return {name: seen(self.__dict__[name]) for name in names}


class Country(Base):
    __tablename__ = "countries"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    region: Mapped[str]
    customers: Mapped[list["Customer"]] = relationship(back_populates="land")


class Category(Base):
    __tablename__ = "categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    parent_id: Mapped[Optional[int]] = mapped_column(ForeignKey("categories.id"))
    parent: Mapped[Optional["Category"]] = relationship(remote_side=[id])


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    sku: Mapped[str]
    name: Mapped[str]
    price: Mapped[Decimal]
    active: Mapped[bool]
    category: Mapped[Category] = relationship()
    items: Mapped[list["Item"]] = relationship(back_populates="product")
    stock: Mapped[list["Stock"]] = relationship(back_populates="product")


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[Optional[str]]
    country: Mapped[str] = mapped_column(ForeignKey("countries.code"))
    segment: Mapped[str]
    balance: Mapped[Decimal]
    created_at: Mapped[datetime]
    notes: Mapped[Optional[str]]
    land: Mapped[Country] = relationship(back_populates="customers")
    orders: Mapped[list["Order"]] = relationship(back_populates="customer", order_by="Order.id")


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str]
    total: Mapped[Decimal]
    coupon: Mapped[Optional[str]]
    placed_at: Mapped[datetime]
    shipped_at: Mapped[Optional[datetime]]
    customer: Mapped[Customer] = relationship(back_populates="orders")
    items: Mapped[list["Item"]] = relationship(back_populates="order", order_by="Item.id")


class Item(Base):
    __tablename__ = "order_items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    price: Mapped[Decimal]
    order: Mapped[Order] = relationship(back_populates="items")
    product: Mapped[Product] = relationship(back_populates="items")


class Warehouse(Base):
    __tablename__ = "warehouses"
    __table_args__ = {"schema": "depot"}
    id: Mapped[int] = mapped_column(primary_key=True)
    city: Mapped[str]


class Stock(Base):
    __tablename__ = "stock"
    __table_args__ = {"schema": "depot"}
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("depot.warehouses.id"), primary_key=True)
    quantity: Mapped[int]
    product: Mapped[Product] = relationship(back_populates="stock")
    warehouse: Mapped[Warehouse] = relationship()


def seen(value):
    if isinstance(value, Base):
        return value.seen()
    return [seen(each) for each in value] if isinstance(value, list) else value


url = URL.create("mysql+pymysql", server["user"], server["password"], server["host"], server["port"], "shop")
engine = create_engine(url)
statements = []
event.listen(engine, "before_cursor_execute",
             lambda connection, cursor, sql, values, context, many: statements.append(f"{sql} {values}"))


def entities(query):
    with Session(engine) as session:
        return [each.seen() for each in session.scalars(query).unique()]


def rows(query, **values):
    with engine.connect() as connection:
        return [list(row) for row in connection.execute(text(query) if isinstance(query, str) else query, values)]


def changed(*queries):
    with engine.begin() as connection:
        return [connection.execute(query).rowcount for query in queries]


def new_order():
    with Session(engine) as session:
        customer = session.get(Customer, 10)
        order = Order(customer_id=10, status="new", total=Decimal("31.25"), placed_at=datetime(2024, 12, 4, 8))
        customer.orders.append(order)
        session.flush()
        for n in (2, 3):
            session.add(Item(order_id=order.id, customer_id=10, product_id=n, quantity=n, price=Decimal("6.25")))
            session.flush()  # one by one: of MariaDB it would ask for several with RETURNING
        session.commit()
        return [(item.product_id, item.quantity) for item in session.get(Order, order.id).items]


def half_an_order():
    with Session(engine) as session, session.begin():
        session.add(Order(id=990, customer_id=10, status="new", total=Decimal(1), placed_at=datetime(2024, 12, 4, 9)))
        with session.begin_nested() as savepoint:
            session.add(Item(order_id=990, customer_id=10, product_id=1, quantity=1, price=Decimal(1)))
            session.flush()
            savepoint.rollback()
        count = select(func.count()).select_from(Item).where(Item.order_id == 990)
        return [session.scalar(count), session.scalar(select(Order.total).where(Order.id == 990))]


spent = select(Order.customer_id, func.sum(Order.total).label("total")).group_by(Order.customer_id)
spent_cte = spent.cte("spent")
line_total = Item.quantity * Item.price
month = func.date_format(Order.placed_at, "%Y-%m")
latest = aliased(Order)
first_order = select(func.min(Order.placed_at)).where(Order.customer_id == Customer.id).correlate(Customer).scalar_subquery()
order_count = (select(func.count(Order.id)).where(Order.customer_id == Customer.id).correlate(Customer)
               .scalar_subquery())
best_first = func.row_number().over(partition_by=Order.customer_id, order_by=(Order.total.desc(), Order.id))
ranked = select(Order.customer_id, Order.id, Order.total, best_first.label("place")).subquery()
tree = select(Category.id, Category.name, literal(0).label("depth")).where(Category.parent_id.is_(None)).cte("tree", recursive=True)
tree = tree.union_all(select(Category.id, Category.name, tree.c.depth + 1).where(Category.parent_id == tree.c.id))

ask_all({
    "order history": lambda: entities(select(Order).filter_by(customer_id=7).order_by(Order.placed_at.desc()).limit(3)),
    "order with its items, joined": lambda: entities(
        select(Order).where(Order.id == 33, Order.customer_id == 12)
        .options(joinedload(Order.items).joinedload(Item.product), joinedload(Order.customer))),
    "order by its own id, joined": lambda: entities(
        select(Order).where(Order.id == 44).options(joinedload(Order.items), joinedload(Order.customer))),
    "first page of customers, orders joined": lambda: entities(
        select(Customer).options(joinedload(Customer.orders)).order_by(Customer.name, Customer.id).limit(5)),
    "second page of orders, items joined": lambda: entities(
        select(Order).options(joinedload(Order.items)).order_by(Order.placed_at, Order.id).limit(5).offset(5)),
    "orders by another query": lambda: entities(
        select(Customer).where(Customer.segment == "vip").options(selectinload(Customer.orders)).order_by(Customer.id).limit(4)),
    "orders by the same query again": lambda: entities(
        select(Customer).where(Customer.country == "BR").options(subqueryload(Customer.orders)).order_by(Customer.id).limit(3)),
    "three levels by other queries": lambda: entities(
        select(Customer).where(Customer.id < 4).order_by(Customer.id)
        .options(selectinload(Customer.orders).selectinload(Order.items).joinedload(Item.product))),
    "orders filtered and loaded by one join": lambda: entities(
        select(Customer).join(Customer.orders).where(Order.total > 450).options(contains_eager(Customer.orders))
        .order_by(Customer.id, Order.id)),
    "top products": lambda: rows(
        select(Product.name, func.sum(Item.quantity).label("sold"), func.sum(line_total).label("turnover"))
        .join(Item.product).group_by(Product.id, Product.name).order_by(text("turnover DESC"), Product.id).limit(5)),
    "top categories": lambda: rows(
        select(Category.name, func.count(distinct(Item.order_id)), func.sum(line_total))
        .select_from(Item).join(Product).join(Category).group_by(Category.id, Category.name).order_by(Category.name)),
    "search": lambda: rows(
        select(Customer.id, Customer.name, Customer.email)
        .where(or_(Customer.name.ilike("%EV%"), Customer.email.contains("1@"), Customer.notes.startswith("likes r")))
        .order_by(Customer.name, Customer.id).limit(10)),
    "dashboard totals": lambda: rows(
        select(func.count(), func.coalesce(func.sum(Order.total), 0), func.sum(Order.total) / func.count(), func.avg(Order.total),
               func.count(distinct(Order.customer_id))).select_from(Order)),
    "dashboard totals of nothing": lambda: rows(
        select(func.coalesce(func.sum(Order.total), 0), func.max(Order.total)).where(Order.placed_at > datetime(2030, 1, 1))),
    "dashboard of scalar subqueries": lambda: rows(
        select(select(func.count()).select_from(Customer).scalar_subquery(),
               select(func.sum(Order.total)).scalar_subquery(),
               select(func.sum(Stock.quantity)).scalar_subquery())),
    "share of paid orders": lambda: rows(
        select(func.sum(case((Order.status == "paid", 1), else_=0)) * 100 / func.count())),
    "customers and their counts": lambda: rows(
        select(Customer.id, Customer.name, order_count, first_order).order_by(order_count.desc(), Customer.id).limit(7)),
    "customers by how often they ordered": lambda: rows(
        select(order_count.label("n"), func.count()).select_from(Customer).group_by(text("n")).order_by(text("n"))),
    "countries and turnover": lambda: rows(
        select(Country.name, func.coalesce(func.sum(Order.total), 0)).outerjoin(Country.customers).outerjoin(Customer.orders)
        .group_by(Country.code, Country.name).order_by(Country.code)),
    "regions and customers": lambda: rows(
        select(Country.region, func.count(Customer.id)).outerjoin(Country.customers)
        .group_by(Country.region).order_by(func.count(Customer.id).desc(), Country.region)),
    "products and what was sold of them": lambda: rows(
        select(Product.sku, func.coalesce(func.sum(Item.quantity), 0)).outerjoin(Product.items)
        .group_by(Product.id, Product.sku).order_by(Product.id)),
    "products never ordered": lambda: rows(select(Product.sku).where(~Product.items.any()).order_by(Product.sku)),
    "products with large items": lambda: rows(
        select(Product.id).where(Product.items.any(and_(Item.quantity == 4, Item.price > 60))).order_by(Product.id)),
    "turnover by month": lambda: rows(
        select(month.label("m"), func.count(), func.sum(Order.total)).group_by(text("m")).order_by(text("m"))),
    "turnover by year and status": lambda: rows(
        select(extract("year", Order.placed_at).label("y"), Order.status, func.sum(Order.total))
        .group_by(text("y"), Order.status).order_by(text("y"), Order.status)),
    "months with much turnover": lambda: rows(
        select(month.label("m"), func.sum(Order.total).label("t")).group_by(text("m")).having(func.sum(Order.total) > 3000)
        .order_by(text("t DESC"))),
    "days from order to shipping": lambda: rows(
        select(func.datediff(Order.shipped_at, Order.placed_at).label("d"), func.count()).where(Order.shipped_at.is_not(None))
        .group_by(text("d")).order_by(text("d"))),
    "by page": lambda: [
        rows(select(func.count()).select_from(Order).where(Order.status == "sent")),
        rows(select(Order.id).where(Order.status == "sent").order_by(Order.total.desc(), Order.id).limit(5).offset(15))],
    "by page after the last seen": lambda: rows(
        select(Order.id, Order.placed_at).where(tuple_(Order.placed_at, Order.id) > (datetime(2023, 7, 1), 60))
        .order_by(Order.placed_at, Order.id).limit(4)),
    "customers with orders and without": lambda: [
        rows(select(func.count()).select_from(Customer).where(Customer.orders.any())),
        rows(select(Customer.id).where(~exists().where(Order.customer_id == Customer.id)).order_by(Customer.id))],
    "customers of both kinds of orders": lambda: rows(
        select(Customer.id).where(Customer.orders.any(Order.status == "paid"), Customer.orders.any(Order.status == "returned"))
        .order_by(Customer.id)),
    "buyers of one product who never bought another": lambda: rows(
        select(Customer.id).where(
            Customer.id.in_(select(Item.customer_id).where(Item.product_id == 3)),
            Customer.id.not_in(select(Item.customer_id).where(Item.product_id == 16))).order_by(Customer.id)),
    "orders of the customers who spent most": lambda: rows(
        select(Order.id).where(Order.customer_id.in_(select(spent.order_by(text("total DESC")).limit(3).subquery().c.customer_id)))
        .order_by(Order.id)),
    "distinct countries and segments": lambda: rows(
        select(Customer.country, Customer.segment).distinct().order_by(Customer.country, Customer.segment.desc()).limit(9)),
    "a feed": lambda: rows(union_all(
        select(literal("order").label("kind"), Order.id, Order.placed_at.label("at")).where(Order.customer_id < 5),
        select(literal("customer"), Customer.id, Customer.created_at).where(Customer.id < 5)).order_by(text("at DESC, kind, id")).limit(8)),
    "countries or regions": lambda: rows(
        union(select(Customer.country), select(Country.region), select(Country.code)).order_by(text("1"))),
    "rank within the segment": lambda: rows(
        select(Customer.segment, Customer.id, func.rank().over(partition_by=Customer.segment, order_by=Customer.balance.desc()).label("r"))
        .order_by(Customer.segment, text("r"), Customer.id).limit(12)),
    "two best orders of each customer": lambda: rows(
        select(ranked.c.customer_id, ranked.c.id, ranked.c.total).where(ranked.c.place <= 2, ranked.c.customer_id < 6)
        .order_by(ranked.c.customer_id, ranked.c.place)),
    "turnover so far": lambda: rows(
        select(Order.id, func.sum(Order.total).over(order_by=(Order.placed_at, Order.id)).label("so_far")).order_by(Order.placed_at, Order.id)
        .limit(5).offset(100)),
    "above the average, by a common table expression": lambda: rows(
        select(Customer.name, spent_cte.c.total).join(spent_cte, spent_cte.c.customer_id == Customer.id)
        .where(spent_cte.c.total > select(func.avg(spent_cte.c.total)).scalar_subquery())
        .order_by(spent_cte.c.total.desc(), Customer.id).limit(5)),
    "the tree of categories": lambda: rows(select(tree).order_by(tree.c.depth, tree.c.id)),
    "latest order of each customer": lambda: rows(
        select(Customer.id, Order.id).join(Customer.orders)
        .outerjoin(latest, and_(latest.customer_id == Customer.id, latest.placed_at > Order.placed_at))
        .where(latest.id.is_(None), Customer.id < 12).order_by(Customer.id)),
    "two orders of one day": lambda: rows(
        select(Order.id, latest.id).join(latest, and_(func.date(latest.placed_at) == func.date(Order.placed_at), latest.id > Order.id))
        .order_by(Order.id).limit(5)),
    "products beside their stock, in another schema": lambda: rows(
        select(Product.name, Warehouse.city, Stock.quantity).join(Product.stock).join(Stock.warehouse)
        .where(Product.category_id == 2).order_by(Product.id)),
    "sold and in stock": lambda: rows(
        select(Product.id, func.sum(Item.quantity), func.max(Stock.quantity)).join(Product.items).join(Product.stock)
        .group_by(Product.id).having(func.sum(Item.quantity) > func.max(Stock.quantity)).order_by(Product.id)),
    "stock, products joined": lambda: entities(
        select(Stock).options(joinedload(Stock.product), joinedload(Stock.warehouse)).order_by(Stock.product_id).limit(4)),
    "largest items for each product": lambda: rows(
        select(Item.product_id, func.max(line_total)).where(line_total > select(func.avg(Item.quantity * Item.price)).scalar_subquery())
        .group_by(Item.product_id).order_by(Item.product_id)),
    "coupons and who used them": lambda: rows(
        select(Order.coupon, func.group_concat(distinct(Order.customer_id).op("ORDER BY")(Order.customer_id)))
        .where(Order.coupon.is_not(None)).group_by(Order.coupon).order_by(Order.coupon)),
    "a lock for reading": lambda: rows(select(Order.id).where(Order.customer_id == 4).order_by(Order.id).with_for_update()),
    "a new order": new_order,
    "half an order": half_an_order,
    "many rows at once": lambda: changed(
        insert(Item).values([dict(order_id=990, customer_id=n, product_id=1, quantity=9, price=1) for n in range(1, 20)])),
    "what they come to": lambda: rows(select(func.count(), func.sum(Item.quantity)).where(Item.quantity == 9)),
    "changed and gone": lambda: changed(
        update(Item).where(Item.quantity == 9, Item.customer_id < 10).values(price=Item.price + 1),
        delete(Item).where(Item.quantity == 9),
        delete(Order).where(Order.id == 990)),
}, statements)
engine.dispose()
