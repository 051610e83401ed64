-- Sequences of the tables that sysbench makes itself.
CREATE TABLE sbtest1_seq (id INT NOT NULL PRIMARY KEY, next_id BIGINT NOT NULL, cache BIGINT NOT NULL)
  COMMENT 'vitess_sequence';
CREATE TABLE sbtest2_seq LIKE sbtest1_seq;
INSERT INTO sbtest1_seq VALUES (0, 1, 1000);
INSERT INTO sbtest2_seq VALUES (0, 1, 1000);
