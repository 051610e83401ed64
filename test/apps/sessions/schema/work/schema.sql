-- What the scripted sessions work with: sharded by account, by name, or by an id of their own.
CREATE TABLE accounts (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  email VARCHAR(100) NOT NULL,
  balance DECIMAL(12, 2) NOT NULL DEFAULT 0,
  opened DATETIME NULL,
  UNIQUE KEY by_email (email)
);

CREATE TABLE entries (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  amount DECIMAL(10, 2) NOT NULL,
  note VARCHAR(40) NULL,
  CONSTRAINT entry_of FOREIGN KEY (account_id) REFERENCES accounts (id)
);

CREATE TABLE settings (
  name VARCHAR(40) NOT NULL PRIMARY KEY,
  value VARCHAR(60) NULL,
  changes INT NOT NULL DEFAULT 0
);

CREATE TABLE kinds (
  id INT NOT NULL PRIMARY KEY,
  decimals DECIMAL(30, 10) NULL,
  big BIGINT NULL,
  natural_number BIGINT UNSIGNED NULL,
  tiny TINYINT NULL,
  flag TINYINT(1) NULL,
  ratio DOUBLE NULL,
  single_ratio FLOAT NULL,
  day DATE NULL,
  moment DATETIME(6) NULL,
  stamp TIMESTAMP(3) NULL,
  span TIME(2) NULL,
  in_year YEAR NULL,
  document JSON NULL,
  bits BIT(12) NULL,
  fixed BINARY(4) NULL,
  bytes VARBINARY(20) NULL,
  large BLOB NULL,
  label ENUM('one', 'two') NULL,
  labels SET('a', 'b', 'c') NULL,
  words TEXT NULL
);
