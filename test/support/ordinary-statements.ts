/**
 * Statements of an account that has ALL PRIVILEGES on its own database and no others. `like MySQL`: the proxy answers with
 * MySQL 9.7's own number and text (its database `own` aside); a number: what the proxy refuses for a reason of its own.
 */
export type Expected = 'like MySQL' | 'allowed' | number

const refusedLikeMySql = `
  SELECT user FROM mysql.user
  SELECT * FROM mysql.db
  SELECT * FROM mysql.nosuch
  SELECT * FROM MYSQL.USER
  SELECT * FROM \`mysql\`.\`user\`
  SELECT (SELECT MAX(authentication_string) FROM mysql.user)
  SELECT 1 FROM own_table WHERE EXISTS (SELECT 1 FROM mysql.user)
  SELECT * FROM own_table JOIN mysql.user
  SELECT 1 UNION SELECT user FROM mysql.user
  WITH c AS (SELECT * FROM mysql.user) SELECT * FROM c
  SELECT * FROM (SELECT * FROM mysql.user) AS d
  TABLE mysql.user
  SELECT * FROM mysql.user FOR UPDATE
  SELECT /*!50000 * FROM mysql.user */
  INSERT INTO mysql.func VALUES ('a', 1, 'x', 'function')
  INSERT INTO own_table SELECT 1, user FROM mysql.user
  REPLACE INTO mysql.user VALUES (1)
  UPDATE mysql.user SET user = 'x'
  DELETE FROM mysql.user
  UPDATE performance_schema.setup_instruments SET enabled = 'YES'
  UPDATE information_schema.tables SET table_name = 'x'
  INSERT INTO information_schema.tables VALUES (1)
  DELETE FROM performance_schema.threads
  TRUNCATE mysql.user
  DROP TABLE mysql.user
  CREATE TABLE mysql.x (a INT)
  CREATE TABLE performance_schema.x (a INT)
  CREATE TABLE information_schema.x (a INT)
  ALTER TABLE mysql.user ADD x INT
  RENAME TABLE mysql.user TO mysql.u2
  CREATE INDEX i ON mysql.user (user)
  DROP INDEX i ON mysql.user
  CREATE TABLE own_2 AS SELECT * FROM mysql.user
  CREATE TABLE own_2 LIKE mysql.user
  LOCK TABLES mysql.user READ
  HANDLER mysql.user OPEN
  SHOW TABLES FROM mysql
  SHOW TABLE STATUS FROM mysql
  SHOW COLUMNS FROM mysql.user
  SHOW INDEX FROM mysql.user
  DESCRIBE mysql.user
  EXPLAIN SELECT * FROM mysql.user
  SHOW CREATE TABLE mysql.user
  SHOW CREATE VIEW sys.processlist
  SHOW CREATE USER root@localhost
  SHOW GRANTS FOR root@localhost
  SHOW ENGINE INNODB STATUS
  SHOW ENGINE PERFORMANCE_SCHEMA STATUS
  SHOW BINARY LOGS
  SHOW BINARY LOG STATUS
  SHOW BINLOG EVENTS
  SHOW RELAYLOG EVENTS
  SHOW REPLICA STATUS
  SHOW REPLICAS
  USE mysql
  USE sys
  CREATE USER x
  CREATE USER x IDENTIFIED BY 'a'
  ALTER USER root@localhost IDENTIFIED BY 'a'
  DROP USER root@localhost
  RENAME USER app TO b
  CREATE ROLE r
  DROP ROLE r
  GRANT ALL ON *.* TO app
  GRANT SELECT ON mysql.* TO app
  GRANT r TO app
  REVOKE ALL ON *.* FROM app
  REVOKE ALL PRIVILEGES, GRANT OPTION FROM app
  REVOKE r FROM app
  SET PASSWORD FOR root@localhost = 'x'
  SET RESOURCE GROUP x
  SHUTDOWN
  RESTART
  FLUSH PRIVILEGES
  FLUSH TABLES
  FLUSH TABLES own_table
  FLUSH TABLES WITH READ LOCK
  FLUSH TABLES own_table FOR EXPORT
  FLUSH LOGS
  FLUSH BINARY LOGS
  FLUSH STATUS
  FLUSH USER_RESOURCES
  FLUSH OPTIMIZER_COSTS
  RESET BINARY LOGS AND GTIDS
  RESET REPLICA
  INSTALL PLUGIN a SONAME 'b'
  UNINSTALL PLUGIN a
  INSTALL COMPONENT 'file://a'
  UNINSTALL COMPONENT 'file://a'
  CREATE FUNCTION a RETURNS STRING SONAME 'x.so'
  CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')
  ALTER SERVER s OPTIONS (HOST 'x')
  DROP SERVER s
  CREATE TABLESPACE x ADD DATAFILE 'x.ibd'
  ALTER TABLESPACE x RENAME TO y
  DROP TABLESPACE x
  CREATE UNDO TABLESPACE x ADD DATAFILE 'x.ibu'
  CREATE LOGFILE GROUP g ADD UNDOFILE 'x'
  CREATE RESOURCE GROUP r TYPE = USER
  DROP RESOURCE GROUP r
  CLONE LOCAL DATA DIRECTORY '/tmp/x'
  CLONE INSTANCE FROM a@b:3306 IDENTIFIED BY 'x'
  LOCK INSTANCE FOR BACKUP
  UNLOCK INSTANCE
  ALTER INSTANCE ROTATE INNODB MASTER KEY
  SET GLOBAL max_connections = 5
  SET @@GLOBAL.max_connections = 5
  SET PERSIST max_connections = 5
  SET GLOBAL TRANSACTION READ ONLY
  SET SESSION sql_log_bin = 0
  SET SESSION binlog_format = 'ROW'
  SET @@session.pseudo_thread_id = 7
  SET gtid_next = 'AUTOMATIC'
  SET SESSION original_commit_timestamp = 1
  SET SESSION bulk_insert_buffer_size = 8388608
  SET SESSION sql_require_primary_key = 0
  IMPORT TABLE FROM '/tmp/x.sdi'
  BINLOG 'aaa='
  PURGE BINARY LOGS TO 'x'
  CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'x'
  CHANGE REPLICATION FILTER REPLICATE_DO_DB = (a)
  START REPLICA
  STOP REPLICA
  START GROUP_REPLICATION
  STOP GROUP_REPLICATION
  SELECT 1 INTO OUTFILE '/tmp/policy-o1'
  SELECT 1 INTO DUMPFILE '/tmp/policy-o2'
  SELECT * FROM own_table INTO OUTFILE '/tmp/policy-o1'
  LOAD DATA INFILE '/etc/passwd' INTO TABLE own_table
  LOAD XML INFILE '/etc/passwd' INTO TABLE own_table
  LOAD DATA FROM S3 '/etc/passwd' INTO TABLE own_table
  LOAD DATA S3 '/etc/passwd' INTO TABLE own_table
  LOAD XML FROM S3 '/etc/passwd' INTO TABLE own_table
  CREATE TABLE own_3 (id INT) DATA DIRECTORY = '/tmp/x'
  DROP DATABASE mysql
  ALTER DATABASE mysql CHARACTER SET utf8mb4
  CREATE PROCEDURE mysql.p9() SELECT 1
  CREATE EVENT mysql.e1 ON SCHEDULE EVERY 1 DAY DO SELECT 1
  DROP PROCEDURE sys.ps_setup_save
  ALTER PROCEDURE sys.ps_setup_save COMMENT 'x'
  CREATE DEFINER = root@localhost PROCEDURE p2() SELECT 1
  CREATE DEFINER = root@localhost VIEW v9 AS SELECT 1
  CALL sys.ps_setup_save(1)
  CALL sys.diagnostics(1, 1, 'current')
  CALL mysql.p()
  SELECT sys.ps_is_account_enabled('localhost', 'root')
  SELECT * FROM sys.processlist
  SELECT * FROM sys.session
  SELECT * FROM sys.statement_analysis LIMIT 1
  SELECT * FROM sys.innodb_lock_waits
  UPDATE sys.sys_config SET value = 1
  SELECT * FROM performance_schema.threads LIMIT 0
  SELECT * FROM performance_schema.variables_by_thread LIMIT 0
  SELECT * FROM performance_schema.user_variables_by_thread LIMIT 0
  SELECT * FROM performance_schema.session_connect_attrs LIMIT 0
  SELECT * FROM performance_schema.events_statements_history LIMIT 0
  SELECT * FROM performance_schema.events_statements_summary_by_digest LIMIT 0
  SELECT * FROM performance_schema.prepared_statements_instances LIMIT 0
  SELECT * FROM performance_schema.data_locks LIMIT 0
  SELECT * FROM performance_schema.replication_connection_configuration LIMIT 0
  SELECT * FROM performance_schema.log_status LIMIT 0
  SELECT * FROM performance_schema.error_log LIMIT 0
  SELECT * FROM performance_schema.keyring_keys LIMIT 0
  SELECT * FROM information_schema.innodb_trx
  SELECT * FROM information_schema.files LIMIT 0
  ANALYZE TABLE mysql.user
`

/** MySQL judges these when they run, by privileges that the proxy's account has, or lets them be as they are. */
const refusedHere: readonly (readonly [sql: string, errno: number])[] = [
  ["SELECT LOAD_FILE('/etc/passwd')", 1227],
  ["SELECT `load_file` ('/etc/passwd')", 1227],
  ["DO LOAD_FILE('/etc/passwd')", 1227],
  ["SET @x = LOAD_FILE('/etc/passwd')", 1227],
  ["SELECT 1 FROM own_table ORDER BY LOAD_FILE('/etc/passwd')", 1227],
  ["INSERT INTO own_table VALUES (1, LOAD_FILE('/etc/passwd'))", 1227],
  ["CREATE TABLE own_4 (id INT, b VARCHAR(10) DEFAULT (LOAD_FILE('/x')))", 1227],
  ["CREATE TABLE own_4 (id INT, b VARCHAR(10) AS (LOAD_FILE('/x')))", 1227],
  ["CREATE VIEW own_v AS SELECT LOAD_FILE('/etc/passwd')", 1227],
  ['CREATE VIEW own_v AS SELECT * FROM mysql.user', 1142],
  ['CREATE PROCEDURE own_p() SELECT * FROM mysql.user', 1142],
  ['CREATE PROCEDURE own_p() BEGIN SELECT 1; IF 1 THEN DELETE FROM mysql.time_zone; END IF; END', 1142],
  ['CREATE FUNCTION own_f() RETURNS INT DETERMINISTIC RETURN (SELECT COUNT(*) FROM mysql . user)', 1142],
  ["CREATE TRIGGER own_t BEFORE INSERT ON own_table FOR EACH ROW SET NEW.v = LOAD_FILE('/etc/passwd')", 1227],
  [
    'CREATE EVENT own_e ON SCHEDULE EVERY 1 DAY DO INSERT INTO own_table SELECT 1, user FROM mysql.user',
    1142,
  ],
  ['CREATE EVENT own_e ON SCHEDULE EVERY 1 DAY DO FLUSH PRIVILEGES', 1227],
  ["CREATE PROCEDURE own_p() CREATE USER x IDENTIFIED BY 'x'", 1227],
  ['CREATE PROCEDURE own_p() GRANT ALL ON *.* TO app', 1227],
  ['CREATE PROCEDURE own_p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION SHUTDOWN; SELECT 1; END', 1227],
  ['CREATE PROCEDURE own_p() BEGIN DECLARE CONTINUE HANDLER FOR 1062 FLUSH TABLES; SELECT 1; END', 1227],
  ['CREATE PROCEDURE own_p() l: LOOP KILL 5; END LOOP', 1227],
  ['CREATE PROCEDURE own_p() SHOW CREATE USER CURRENT_USER()', 1044],
  ['CREATE PROCEDURE own_p() SHOW GRANTS', 1142],
  ['CREATE PROCEDURE own_p() SHOW FULL PROCESSLIST', 1227],
  ['CREATE PROCEDURE own_p() SET GLOBAL max_connections = 5', 1227],
  ['CREATE PROCEDURE own_p() SET @a = 1, @@global.max_connections = 5', 1227],
  ['CREATE PROCEDURE own_p() SET sql_log_bin = 0', 1227],
  ['CREATE PROCEDURE own_p() SET sql_lög_bin = 0', 1227],
  ['CREATE PROCEDURE own_p() SET @@session.gtıd_néxt = 1', 1227],
  ["SELECT gröup_replication_set_as_primary('a')", 1227],
  ["CREATE PROCEDURE own_p() BEGIN PREPARE s FROM 'SELECT * FROM mysql.user'; EXECUTE s; END", 1142],
  ['CREATE PROCEDURE own_p() BEGIN PREPARE s FROM @sql; EXECUTE s; END', 1227],
  ["CREATE PROCEDURE own_p() BEGIN PREPARE s FROM 'SHUT' 'DOWN'; EXECUTE s; END", 1227],
  ["CREATE PROCEDURE own_p() SELECT 1 INTO OUTFILE '/tmp/policy-o1'", 1227],
  ["CREATE PROCEDURE own_p() SELECT 1 INTO DUMPFILE '/tmp/policy-o1'", 1227],
  ['CREATE PROCEDURE own_p() CALL sys.ps_setup_save(1)', 1370],
  ['CREATE PROCEDURE own_p() EXPLAIN FOR CONNECTION 5', 1227],
  ['CREATE PROCEDURE own_p() XA RECOVER', 1227],
  ["PREPARE s FROM 'SELECT * FROM mysql.user'", 1142],
  ["PREPARE s FROM 'SHUTDOWN'", 1227],
  ['SHOW CREATE USER CURRENT_USER()', 1044],
  ['SELECT innodb_redo_log_archive_start("a", "b")', 1227],
  ["ALTER USER CURRENT_USER() IDENTIFIED BY 'x'", 1227],
  ["SET PASSWORD = 'x'", 1044],
  ['SET ROLE ALL', 1227],
  ['EXPLAIN FOR CONNECTION 1', 1227],
  ['INSERT INTO own_table SELECT * FROM information_schema.processlist', 1227],
  ['CREATE TABLE own_list SELECT * FROM information_schema.processlist', 1227],
  ['SELECT * FROM information_schema.PROCESSLİST', 1227],
  ['DO (SELECT COUNT(*) FROM performance_schema.processlist)', 1142],
  ['SELECT * FROM information_schema.user_attributes', 1142],
  ['SELECT * FROM information_schema.user_privileges', 1142],
  ['SELECT 1 /*!99999 UNION SELECT user FROM mysql.user */', 1142],
  ["SELECT 1 /*M!999999 INTO OUTFILE '/tmp/policy-o1' */", 1227],
  ["SELECT LOAD_FILE /*!99998 */ ('/etc/passwd')", 1227],
  ['SET `sort_buffer_size = 65536, GLOBAL max_connections` = 5', 1193],
  ['SET sql_mode = `ANSI, GLOBAL max_connections = 5`', 1231],
  ["LOAD DATA FROM URL 'file:///etc/passwd' INTO TABLE own_table", 1045],
  ['XA RECOVER', 1227],
  [
    "EXPLAIN FOR SCHEMA mysql SELECT authentication_string FROM user WHERE host = 'localhost' AND user = 'root'",
    1044,
  ],
  ['EXPLAIN FORMAT = JSON FOR DATABASE `performance_schema` SELECT * FROM threads', 1142],
  ['EXPLAIN FOR SCHEMA alien SELECT * FROM t', 1044],
  ['SHOW COLUMNS FROM own_table WHERE (SELECT COUNT(*) FROM mysql.user) > 0', 1142],
  ['SHOW TABLES WHERE (SELECT COUNT(*) FROM mysql.user) > 0', 1142],
  ["SHOW VARIABLES WHERE LOAD_FILE('/etc/passwd') IS NULL", 1227],
  ["CREATE PROCEDURE own_p() BEGIN PREPARE s FROM 'SELECT ''a\\\\'' FROM own_table'; EXECUTE s; END", 1227],
  ['CREATE PROCEDURE own_p() BEGIN PREPARE s FROM "SELECT 1"; EXECUTE s; END', 1227],
  ['CREATE TABLE own_4 (id INT) UNION = (mysql.user) ENGINE = MERGE', 1142],
  ["CREATE TABLE own_4 (id INT) CONNECTION = 'mysql://a@b/c/d'", 1227],
  ["CREATE SEQUENCE own_4 CONNECTION = 'mysql://a@b/c/d'", 1227],
  ['ALTER TABLE own_table RENAME TO mysql.x', 1142],
  ['ALTER TABLE own_table EXCHANGE PARTITION p WITH TABLE mysql.user', 1142],
  [
    'INSERT INTO own_table VALUES (1, 1) ON DUPLICATE KEY UPDATE v = (SELECT MAX(user) FROM mysql.user)',
    1142,
  ],
  ["SELECT * FROM JSON_TABLE((SELECT user FROM mysql.user), '$' COLUMNS (a INT PATH '$')) AS j", 1142],
  ['SELECT * FROM {OJ own_table LEFT JOIN mysql.user ON 1}', 1142],
  ['UPDATE own_table JOIN mysql.user SET own_table.v = mysql.user.authentication_string', 1142],
  ['DELETE own_table FROM own_table JOIN mysql.user', 1142],
]

const allowed = `
  SELECT * FROM own_table
  SELECT 1 AS mysql, 2 AS user
  SELECT mysql.v FROM own_table AS mysql
  SELECT flush.v AS shutdown FROM own_table AS flush
  INSERT INTO own_table VALUES (3, 'mysql.user')
  UPDATE own_table SET v = 'SHUTDOWN' WHERE id = 3
  DELETE FROM own_table WHERE id = 3
  SELECT * FROM mysql.help_topic LIMIT 1
  SELECT * FROM mysql.time_zone_name LIMIT 1
  SELECT table_name FROM information_schema.tables LIMIT 1
  SELECT * FROM INFORMATION_SCHEMA.COLUMNS LIMIT 1
  SELECT * FROM information_schema.routines LIMIT 1
  SELECT * FROM information_schema.processlist
  SELECT * FROM information_schema.schemata
  SELECT * FROM information_schema.key_column_usage LIMIT 1
  SELECT * FROM performance_schema.global_variables LIMIT 1
  SELECT * FROM performance_schema.session_variables LIMIT 1
  SELECT * FROM performance_schema.session_status LIMIT 1
  SELECT * FROM performance_schema.session_account_connect_attrs LIMIT 1
  SELECT @@global.max_connections, @@secure_file_priv
  SELECT CURRENT_USER(), USER(), DATABASE(), VERSION()
  SHOW VARIABLES LIKE 'version%'
  SHOW GLOBAL STATUS LIKE 'Threads%'
  SHOW PROCESSLIST
  SHOW FULL PROCESSLIST
  SHOW DATABASES
  SHOW TABLES
  SHOW FULL TABLES
  SHOW TABLE STATUS
  SHOW COLUMNS FROM own_table
  SHOW INDEX FROM own_table
  SHOW CREATE TABLE own_table
  SHOW TRIGGERS
  SHOW EVENTS
  SHOW PLUGINS
  SHOW ENGINES
  SHOW PRIVILEGES
  SHOW COLLATION
  SHOW CHARACTER SET
  SHOW WARNINGS
  SHOW GRANTS
  SHOW GRANTS FOR CURRENT_USER()
  SHOW GRANTS FOR CURRENT_USER
  SHOW FUNCTION STATUS
  SHOW PROCEDURE STATUS
  HELP 'select'
  SET SESSION sort_buffer_size = 65536
  SET NAMES utf8mb4
  SET sql_mode = 'ANSI'
  SET sql_mode = DEFAULT
  SET autocommit = 1
  SET @x = 1
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED
  EXPLAIN SELECT * FROM own_table
  ANALYZE TABLE own_table
  DO SLEEP(0)
  USE information_schema
  USE own
  CREATE TABLE own_5 (id INT PRIMARY KEY, global INT, soname INT, persist INT)
  ALTER TABLE own_5 ADD COLUMN shutdown INT, ADD INDEX (global)
  ALTER TABLE own_5 CHANGE soname named INT
  ALTER TABLE own_5 CHANGE COLUMN named soname INT
  CREATE VIEW own_v AS SELECT * FROM own_table
  SHOW CREATE VIEW own_v
  CREATE OR REPLACE VIEW own_v AS SELECT TABLE_NAME FROM information_schema.tables
  DROP VIEW own_v
  CREATE PROCEDURE own_p(password INT) BEGIN DECLARE role INT; SET role = 1; UPDATE own_table SET v = role; END
  DROP PROCEDURE own_p
  CREATE PROCEDURE own_p() BEGIN PREPARE s FROM 'SELECT 1'; EXECUTE s; DEALLOCATE PREPARE s; END
  CALL own_p()
  DROP PROCEDURE own_p
  CREATE PROCEDURE own_p() SELECT t.kill, t.lock, t.load, t.show FROM own_table t
  DROP PROCEDURE own_p
  CREATE PROCEDURE own_p() UPDATE own_table SET v = 1, file_name = 'a' WHERE connection = 'b'
  DROP PROCEDURE own_p
  XA START 'own'
  XA END 'own'
  XA ROLLBACK 'own'
  CREATE TRIGGER own_t BEFORE INSERT ON own_table FOR EACH ROW SET NEW.v = CONCAT(NEW.v, 'flush')
  DROP TRIGGER own_t
  CREATE DEFINER = CURRENT_USER FUNCTION own_f() RETURNS INT DETERMINISTIC RETURN 1
  SELECT own_f()
  DROP FUNCTION own_f
  CREATE DEFINER = app FUNCTION own_f() RETURNS INT DETERMINISTIC RETURN 1
  DROP FUNCTION own_f
  CREATE ALGORITHM = MERGE DEFINER=\`app\`@\`%\` SQL SECURITY DEFINER VIEW own_v AS SELECT 1 AS one
  ALTER DEFINER = 'app'@'%' VIEW own_v AS SELECT 2 AS one
  DROP VIEW own_v
  /*!50003 CREATE*/ /*!50017 DEFINER=\`app\`@\`%\`*/ /*!50003 TRIGGER own_t BEFORE INSERT ON own_table FOR EACH ROW SET NEW.v = 'x' */
  DROP TRIGGER own_t
  RENAME TABLE own_5 TO own_6
  TRUNCATE own_6
  DROP TABLE own_6
  LOCK TABLES own_table READ
  UNLOCK TABLES
  SELECT GET_LOCK('policy', 0)
  SELECT RELEASE_LOCK('policy')
  SELECT /*!40001 SQL_NO_CACHE */ * FROM own_table
  SELECT 1 /*!99999 + 1 */
`

function lines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

export const ordinaryStatements: readonly (readonly [sql: string, expected: Expected])[] = [
  ...lines(refusedLikeMySql).map((sql) => [sql, 'like MySQL'] as const),
  ...refusedHere,
  ...lines(allowed).map((sql) => [sql, 'allowed'] as const),
]
