-- Unsharded: what is in stock, and the sequences of the shop's tables.
CREATE TABLE warehouses (
  id INT NOT NULL PRIMARY KEY,
  city VARCHAR(60) NOT NULL
);

CREATE TABLE stock (
  product_id INT NOT NULL,
  warehouse_id INT NOT NULL,
  quantity INT NOT NULL,
  PRIMARY KEY (product_id, warehouse_id)
);

CREATE TABLE customers_seq (id INT NOT NULL PRIMARY KEY, next_id BIGINT NOT NULL, cache BIGINT NOT NULL)
  COMMENT 'vitess_sequence';
CREATE TABLE orders_seq LIKE customers_seq;
CREATE TABLE order_items_seq LIKE customers_seq;
INSERT INTO customers_seq VALUES (0, 1001, 1000);
INSERT INTO orders_seq VALUES (0, 1001, 1000);
INSERT INTO order_items_seq VALUES (0, 1001, 1000);
