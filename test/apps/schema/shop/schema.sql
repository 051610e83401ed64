-- A shop. Customers, their orders and what is in them live together, by customer.
CREATE TABLE customers (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(100) NOT NULL,
  email VARCHAR(200) NULL,
  country CHAR(2) NOT NULL,
  segment ENUM('retail', 'trade', 'vip') NOT NULL DEFAULT 'retail',
  balance DECIMAL(12, 2) NOT NULL DEFAULT 0,
  created_at DATETIME NOT NULL,
  notes TEXT NULL,
  KEY (country),
  KEY (email)
) AUTO_INCREMENT = 1001;

CREATE TABLE orders (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id BIGINT NOT NULL,
  status ENUM('new', 'paid', 'sent', 'returned') NOT NULL DEFAULT 'new',
  total DECIMAL(12, 2) NOT NULL DEFAULT 0,
  coupon VARCHAR(20) NULL,
  placed_at DATETIME NOT NULL,
  shipped_at DATETIME NULL,
  KEY (customer_id),
  KEY (placed_at)
) AUTO_INCREMENT = 1001;

CREATE TABLE order_items (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  product_id INT NOT NULL,
  quantity INT NOT NULL,
  price DECIMAL(10, 2) NOT NULL,
  KEY (order_id),
  KEY (customer_id),
  KEY (product_id)
) AUTO_INCREMENT = 1001;

-- Reference tables: every shard has all of their rows.
CREATE TABLE countries (
  code CHAR(2) NOT NULL PRIMARY KEY,
  name VARCHAR(60) NOT NULL,
  region VARCHAR(20) NOT NULL
);

CREATE TABLE categories (
  id INT NOT NULL PRIMARY KEY,
  name VARCHAR(60) NOT NULL,
  parent_id INT NULL
);

CREATE TABLE products (
  id INT NOT NULL PRIMARY KEY,
  category_id INT NOT NULL,
  sku VARCHAR(20) NOT NULL,
  name VARCHAR(100) NOT NULL,
  price DECIMAL(10, 2) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  UNIQUE KEY (sku),
  KEY (category_id)
);
