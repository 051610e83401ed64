-- Foreign keys over shards: what refers to a row is sharded by something else.
CREATE TABLE authors (
  id BIGINT NOT NULL PRIMARY KEY,
  name VARCHAR(20) NOT NULL,
  changed TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP
);

CREATE TABLE editors (
  code VARCHAR(10) NOT NULL PRIMARY KEY,
  name VARCHAR(20) NOT NULL
);

CREATE TABLE books (
  id BIGINT NOT NULL PRIMARY KEY,
  author_id BIGINT,
  editor VARCHAR(10) DEFAULT NULL,
  title VARCHAR(20) NOT NULL DEFAULT 'untitled',
  changed TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP,
  CONSTRAINT books_author FOREIGN KEY (author_id) REFERENCES authors (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT books_editor FOREIGN KEY (editor) REFERENCES editors (code) ON DELETE SET NULL ON UPDATE CASCADE
);

CREATE TABLE pages (
  id BIGINT NOT NULL PRIMARY KEY,
  book_id BIGINT NOT NULL,
  content VARCHAR(20) NOT NULL,
  CONSTRAINT pages_book FOREIGN KEY (book_id) REFERENCES books (id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE loans (
  id BIGINT NOT NULL PRIMARY KEY,
  book_id BIGINT,
  CONSTRAINT loans_book FOREIGN KEY (book_id) REFERENCES books (id)
);

-- Rows of one table, of any shard.
CREATE TABLE staff (
  id BIGINT NOT NULL PRIMARY KEY,
  boss BIGINT,
  name VARCHAR(20) NOT NULL DEFAULT '',
  CONSTRAINT staff_boss FOREIGN KEY (boss) REFERENCES staff (id)
);

CREATE TABLE replies (
  id BIGINT NOT NULL PRIMARY KEY,
  to_id BIGINT,
  CONSTRAINT replies_to FOREIGN KEY (to_id) REFERENCES replies (id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE mentions (
  id BIGINT NOT NULL PRIMARY KEY,
  of_id BIGINT,
  CONSTRAINT mentions_of FOREIGN KEY (of_id) REFERENCES mentions (id) ON DELETE SET NULL
);

-- Of two columns.
CREATE TABLE rooms (
  house BIGINT NOT NULL,
  number INT NOT NULL,
  label VARCHAR(20),
  PRIMARY KEY (house, number)
);

CREATE TABLE visits (
  id BIGINT NOT NULL PRIMARY KEY,
  house BIGINT,
  number INT,
  CONSTRAINT visits_room FOREIGN KEY (house, number) REFERENCES rooms (house, number) ON DELETE SET NULL ON UPDATE CASCADE
);

-- Each with what it refers to: the shards keep these.
CREATE TABLE accounts (
  id BIGINT NOT NULL PRIMARY KEY,
  name VARCHAR(20) NOT NULL
);

CREATE TABLE notes (
  id BIGINT NOT NULL,
  account BIGINT NOT NULL,
  content VARCHAR(20) NOT NULL,
  PRIMARY KEY (account, id),
  CONSTRAINT notes_account FOREIGN KEY (account) REFERENCES accounts (id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE marks (
  id BIGINT NOT NULL,
  account BIGINT NOT NULL,
  PRIMARY KEY (account, id),
  CONSTRAINT marks_account FOREIGN KEY (account) REFERENCES accounts (id)
);
