ALTER TABLE books ADD COLUMN pages INT NOT NULL DEFAULT 1, ADD INDEX by_title (title);
INSERT INTO books (shelf_id, title) SELECT id, CONCAT('of ', name) FROM shelves;
DELIMITER //
CREATE TRIGGER book_titled BEFORE INSERT ON books FOR EACH ROW
BEGIN
  SET NEW.title = TRIM(NEW.title);
END//
DELIMITER ;
INSERT INTO books (shelf_id, title) VALUES (1, '  trimmed ');
