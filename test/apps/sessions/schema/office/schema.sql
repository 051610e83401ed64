-- Unsharded: what routines work with, entries of the lookup vindex, the sequences.
CREATE TABLE counters (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(40) NOT NULL UNIQUE,
  count INT NOT NULL DEFAULT 0
);

CREATE PROCEDURE add_up (IN a INT, IN b INT, OUT total INT) SET total = a + b;
CREATE PROCEDURE all_counters () SELECT name, count FROM counters ORDER BY name;

CREATE TABLE account_email (email VARCHAR(100) NOT NULL PRIMARY KEY, keyspace_id VARBINARY(16) NOT NULL);

CREATE TABLE accounts_seq (id INT NOT NULL PRIMARY KEY, next_id BIGINT NOT NULL, cache BIGINT NOT NULL)
  COMMENT 'vitess_sequence';
CREATE TABLE entries_seq LIKE accounts_seq;
INSERT INTO accounts_seq VALUES (0, 1, 1000);
INSERT INTO entries_seq VALUES (0, 1, 1000);
