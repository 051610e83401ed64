-- A session as people and programs have them, a statement a line: every driver runs it, on one server and through the proxy.
SET time_zone = '+05:00'
SET timestamp = 1700000000
SELECT @@time_zone, NOW(), UTC_TIMESTAMP(), CURDATE(), UNIX_TIMESTAMP()
INSERT INTO accounts (email, balance, opened) VALUES ('a@x', 10.50, NOW())
SELECT LAST_INSERT_ID(), ROW_COUNT()
SET timestamp = DEFAULT, @rate = 1.25, @name := 'b@x'
INSERT INTO accounts (email, balance) VALUES (@name, 20 * @rate), ('c@x', 30), ('d@x', 40)
SELECT LAST_INSERT_ID(), ROW_COUNT()
SELECT id, email, balance, opened FROM accounts ORDER BY id
BEGIN
UPDATE accounts SET balance = balance - 5 WHERE email = 'a@x'
SAVEPOINT one
UPDATE accounts SET balance = balance + 5 WHERE email = 'b@x'
SAVEPOINT two
DELETE FROM accounts WHERE email IN ('c@x', 'd@x')
SELECT COUNT(*), SUM(balance) FROM accounts
ROLLBACK TO two
ROLLBACK TO nothing
SELECT COUNT(*), SUM(balance) FROM accounts FOR UPDATE
RELEASE SAVEPOINT one
ROLLBACK TO two
COMMIT
SELECT email, balance FROM accounts ORDER BY email
BEGIN
INSERT INTO accounts (email, balance) VALUES ('e@x', 1)
INSERT INTO accounts (email, balance) VALUES ('f@x', 1), ('a@x', 1)
INSERT INTO accounts (id, email) SELECT MIN(id), 'g@x' FROM accounts
INSERT INTO entries (account_id, amount, note) SELECT id, balance, email FROM accounts WHERE email = 'a@x'
INSERT INTO entries (id, account_id, amount) VALUES (-1, 999, 1)
DELETE FROM accounts WHERE email = 'a@x'
SHOW ERRORS
SELECT email FROM accounts ORDER BY email
ROLLBACK
SELECT email FROM accounts ORDER BY email
SELECT COUNT(*) FROM entries
SET autocommit = 0
INSERT INTO settings VALUES ('lost', 'x', 0)
ROLLBACK
INSERT INTO settings VALUES ('kept', 'x', 0)
SET autocommit = 1
SELECT @@autocommit
SELECT name FROM settings ORDER BY name
INSERT INTO settings (name, value) VALUES ('a', '1'), ('b', '2'), ('kept', '3') ON DUPLICATE KEY UPDATE value = VALUES(value), changes = changes + 1
SELECT ROW_COUNT()
INSERT INTO settings (name, value) VALUES ('a', '1') ON DUPLICATE KEY UPDATE value = VALUES(value)
INSERT INTO settings (name, value) VALUES ('a', '5') ON DUPLICATE KEY UPDATE name = VALUES(name), value = VALUES(value)
INSERT IGNORE INTO settings (name, value) VALUES ('a', '6'), ('c', '6')
SHOW WARNINGS
SHOW COUNT(*) WARNINGS
REPLACE INTO settings VALUES ('a', '7', 7), ('d', '8', 8)
SELECT * FROM settings ORDER BY name
UPDATE settings SET name = 'moved' WHERE name = 'a'
UPDATE settings SET name = 'b' WHERE name = 'moved'
UPDATE settings SET value = value WHERE name = 'moved'
UPDATE settings SET changes = changes + 1 ORDER BY name LIMIT 2
DELETE FROM settings ORDER BY name DESC LIMIT 1
SELECT * FROM settings ORDER BY name
SELECT SQL_CALC_FOUND_ROWS name FROM settings ORDER BY name LIMIT 1
SELECT FOUND_ROWS()
INSERT INTO settings (name, value) VALUES ('long', REPEAT('x', 100))
INSERT INTO settings (name, value) VALUES (NULL, 'x')
SET @saved = @@sql_mode, sql_mode = ''
INSERT INTO settings (name, value, changes) VALUES ('long', REPEAT('x', 100), 'many'), ('short', 'x', 1)
SHOW WARNINGS
SET sql_mode = @saved
SELECT 1 / 0, CAST('12x' AS SIGNED)
SHOW WARNINGS
SELECT CONCAT(name, ':', LENGTH(value)) FROM settings WHERE name IN ('long', 'short') ORDER BY name
SET sql_select_limit = 2
SELECT name FROM settings ORDER BY name
SET sql_select_limit = DEFAULT
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
START TRANSACTION READ ONLY
SELECT COUNT(*) FROM settings
INSERT INTO settings (name) VALUES ('no')
COMMIT
CREATE TEMPORARY TABLE chosen (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(100), UNIQUE (email))
INSERT INTO chosen (email) VALUES ('a@x'), ('d@x')
SELECT LAST_INSERT_ID()
INSERT INTO chosen (email) VALUES ('a@x')
SELECT a.email, a.balance FROM accounts a JOIN chosen c ON c.email = a.email ORDER BY a.email
UPDATE chosen SET email = 'z' WHERE id = 1
SELECT id, email FROM chosen ORDER BY id
DROP TEMPORARY TABLE chosen
SELECT id FROM chosen
SELECT GET_LOCK('session', 1), IS_USED_LOCK('session') = CONNECTION_ID(), IS_FREE_LOCK('other')
SELECT RELEASE_LOCK('session'), RELEASE_LOCK('session')
INSERT INTO office.counters (name, count) VALUES ('hits', 1), ('misses', 2)
SELECT LAST_INSERT_ID()
CALL office.add_up(2, 3, @total)
SELECT @total
CALL office.all_counters()
CALL office.nothing()
USE office
SELECT DATABASE(), COUNT(*) FROM counters
UPDATE counters SET count = LAST_INSERT_ID(count + 1) WHERE name = 'hits'
SELECT LAST_INSERT_ID()
USE work
PREPARE pay FROM 'UPDATE accounts SET balance = balance + ? WHERE email = ?'
SET @by = 2.25, @who = 'c@x'
EXECUTE pay USING @by, @who
SELECT ROW_COUNT()
EXECUTE pay USING @by
DEALLOCATE PREPARE pay
EXECUTE pay USING @by, @who
SELECT balance INTO @balance FROM accounts WHERE email = 'c@x'
SELECT @balance, @balance * 2
INSERT INTO kinds (id, decimals, big, natural_number, tiny, flag, ratio, single_ratio) VALUES (1, 12345678901234567890.0123456789, -9223372036854775808, 18446744073709551615, -128, 1, 0.1, 0.1), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (3, -0.5, 0, 0, 0, 0, -1e300, 1e-30)
INSERT INTO kinds (id, day, moment, stamp, span, in_year) VALUES (4, '2024-02-29', '2024-02-29 12:34:56.789012', '2024-02-29 12:34:56.789', '-12:34:56.78', 2024)
INSERT INTO kinds (id, document, bits, fixed, bytes, large, label, labels, words) VALUES (5, '{"b": [1, 2.50, null, true], "a": "ü"}', b'101000000001', 'ab', X'00FF10', X'DEADBEEF', 'two', 'a,c', 'Grüße, 世界 🙂')
SELECT id, decimals, big, natural_number, tiny, flag, ratio, single_ratio FROM kinds ORDER BY id
SELECT id, day, moment, stamp, span, in_year FROM kinds WHERE id = 4
SELECT id, document, bits, bits + 0, fixed, bytes, large, label, labels, words FROM kinds WHERE id = 5
SELECT document -> '$.b' FROM kinds WHERE id = 5
INSERT INTO kinds (id, tiny) VALUES (6, 128)
INSERT INTO kinds (id, day) VALUES (6, '2024-02-30')
INSERT INTO kinds (id, label) VALUES (6, 'three')
SELECT SUM(decimals), MAX(natural_number), AVG(ratio), MIN(day), GROUP_CONCAT(id ORDER BY id) FROM kinds
SELEKT 1
SELECT * FROM nowhere
SELECT nothing FROM accounts
INSERT INTO settings (name, nothing) VALUES ('x', 1)
LOCK TABLES settings WRITE
UPDATE settings SET changes = 0
UNLOCK TABLES
INSERT INTO settings (name, value) SELECT email, balance FROM accounts WHERE email < 'c'
SELECT ROW_COUNT()
UPDATE accounts a JOIN settings s ON s.name = a.email SET a.balance = a.balance + 1, s.changes = 5
DELETE s FROM settings s JOIN accounts a ON a.email = s.name WHERE a.email = 'a@x'
SELECT name, changes FROM settings ORDER BY name
DELETE FROM entries
DELETE FROM settings
DELETE FROM kinds
DELETE FROM accounts
DELETE FROM office.counters
