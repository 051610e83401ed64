CREATE TABLE users_seq (id INT NOT NULL, next_id BIGINT NOT NULL, cache BIGINT NOT NULL, PRIMARY KEY (id))
  COMMENT 'vitess_sequence';
INSERT INTO users_seq (id, next_id, cache) VALUES (0, 1001, 100);

CREATE TABLE orders_seq (id INT NOT NULL, next_id BIGINT NOT NULL, cache BIGINT NOT NULL, PRIMARY KEY (id))
  COMMENT 'vitess_sequence';
INSERT INTO orders_seq (id, next_id, cache) VALUES (0, 5001, 100);

CREATE TABLE products (
  id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(40) NOT NULL,
  price DECIMAL(8, 2) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY name (name)
);
