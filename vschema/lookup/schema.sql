-- Unsharded: sequences, which hand out the ids of the sharded tables, and what is small enough for one server.
CREATE TABLE IF NOT EXISTS customers_seq (
  id INT NOT NULL,
  next_id BIGINT NOT NULL,
  cache BIGINT NOT NULL,
  PRIMARY KEY (id)
) COMMENT 'vitess_sequence';
INSERT IGNORE INTO customers_seq (id, next_id, cache) VALUES (0, 1001, 100);

CREATE TABLE IF NOT EXISTS orders_seq (
  id INT NOT NULL,
  next_id BIGINT NOT NULL,
  cache BIGINT NOT NULL,
  PRIMARY KEY (id)
) COMMENT 'vitess_sequence';
INSERT IGNORE INTO orders_seq (id, next_id, cache) VALUES (0, 10001, 100);

CREATE TABLE IF NOT EXISTS products (
  product_id BIGINT NOT NULL,
  name VARCHAR(100) NOT NULL,
  price DECIMAL(10, 2) NOT NULL,
  PRIMARY KEY (product_id)
);
INSERT IGNORE INTO products (product_id, name, price) VALUES
  (1, 'teapot', 24.50),
  (2, 'kettle', 39.00),
  (3, 'cup', 6.75),
  (4, 'spoon', 2.20);
