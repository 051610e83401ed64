CREATE TABLE accounts (
  id BIGINT NOT NULL PRIMARY KEY,
  balance BIGINT NOT NULL
);

CREATE TABLE postings (
  account BIGINT NOT NULL,
  transfer BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  PRIMARY KEY (account, transfer)
);
