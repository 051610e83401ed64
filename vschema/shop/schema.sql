-- Sharded by customer_id: a customer and all of their orders are on one shard.
CREATE TABLE IF NOT EXISTS customers (
  customer_id BIGINT NOT NULL,
  name VARCHAR(100) NOT NULL,
  email VARCHAR(200) NOT NULL,
  country CHAR(2) NOT NULL,
  PRIMARY KEY (customer_id),
  KEY country (country)
);

CREATE TABLE IF NOT EXISTS orders (
  order_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  product_id BIGINT NOT NULL,
  quantity INT NOT NULL,
  amount DECIMAL(10, 2) NOT NULL,
  ordered_at DATETIME NOT NULL,
  PRIMARY KEY (order_id),
  KEY customer_id (customer_id)
);

-- A reference table: every shard has all of its rows, so that joins with it stay on one shard.
CREATE TABLE IF NOT EXISTS countries (
  code CHAR(2) NOT NULL,
  name VARCHAR(60) NOT NULL,
  PRIMARY KEY (code)
);
INSERT IGNORE INTO countries (code, name) VALUES
  ('AT', 'Austria'), ('BR', 'Brazil'), ('DE', 'Germany'), ('IN', 'India'), ('JP', 'Japan'), ('US', 'United States');
