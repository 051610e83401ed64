// Go-SQL-Driver: the script by text and by prepared statements, then what database/sql offers.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

var background = context.Background()

func main() {
	script := readScript(os.Args[1])
	text := open("multiStatements=true&interpolateParams=true&maxAllowedPacket=0")
	binary := open("parseTime=true&clientFoundRows=true")
	for i, statement := range script {
		ask(fmt.Sprintf("text %d: %s", i+1, statement), func() (any, error) { return run(text, statement) })
	}
	for i, statement := range script {
		ask(fmt.Sprintf("prepared %d: %s", i+1, statement), func() (any, error) { return runPrepared(binary, statement) })
	}
	for how, db := range [2]*sql.Conn{text, binary} {
		for _, each := range questions {
			ask(fmt.Sprintf("%s %d", each.name, how), func() (any, error) { return each.ask(db) })
		}
	}
}

type question struct {
	name string
	ask  func(db *sql.Conn) (any, error)
}

var questions = []question{
	{"rows made", func(db *sql.Conn) (any, error) {
		ids := []int64{}
		for i := range 4 {
			result, err := db.ExecContext(background, "INSERT INTO accounts (email, balance) VALUES (?, ?)", fmt.Sprintf("go%d@x", i), i)
			if err != nil {
				return nil, err
			}
			id, _ := result.LastInsertId()
			ids = append(ids, id)
		}
		return ids, nil
	}},
	{"many at once", func(db *sql.Conn) (any, error) {
		marks, values := []string{}, []any{}
		for i := range 30 {
			marks, values = append(marks, "(?, ?)"), append(values, fmt.Sprintf("many%d@x", i), float64(i)+0.25)
		}
		return told(db.ExecContext(background, "INSERT INTO accounts (email, balance) VALUES "+strings.Join(marks, ", "), values...))
	}},
	{"a transaction", func(db *sql.Conn) (any, error) {
		tx, err := db.BeginTx(background, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
		if err != nil {
			return nil, err
		}
		statement, err := tx.Prepare("UPDATE accounts SET balance = balance + ? WHERE email = ?")
		if err != nil {
			return nil, err
		}
		answers := []any{}
		for _, values := range [][]any{{-5, "go1@x"}, {5, "go2@x"}, {0, "go3@x"}, {1, "nobody@x"}} {
			answer, err := told(statement.Exec(values...))
			if err != nil {
				return nil, err
			}
			answers = append(answers, answer)
		}
		return answers, tx.Commit()
	}},
	{"a transaction with an error", func(db *sql.Conn) (any, error) {
		tx, err := db.BeginTx(background, nil)
		if err != nil {
			return nil, err
		}
		_, first := tx.Exec("INSERT INTO settings (name) VALUES ('t1'), ('t2')")
		_, second := tx.Exec("INSERT INTO settings (name) VALUES ('t3'), ('t1')")
		_, third := tx.Exec("INSERT INTO settings (name) VALUES ('t3')")
		err = tx.Rollback()
		rows, _ := run(db, "SELECT name FROM settings")
		return []any{toldError(first), toldError(second), toldError(third), rows}, err
	}},
	{"a read only transaction", func(db *sql.Conn) (any, error) {
		tx, err := db.BeginTx(background, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return nil, err
		}
		_, refused := tx.Exec("DELETE FROM settings")
		return toldError(refused), tx.Commit()
	}},
	{"upserts", func(db *sql.Conn) (any, error) {
		answers := []any{}
		for _, value := range []string{"a", "b", "b"} {
			answer, err := told(db.ExecContext(background,
				"INSERT INTO settings (name, value) VALUES (?, ?), ('other', ?) ON DUPLICATE KEY UPDATE value = VALUES(value)", "one", value, value))
			if err != nil {
				return nil, err
			}
			answers = append(answers, answer)
		}
		return answers, nil
	}},
	{"values of all kinds", func(db *sql.Conn) (any, error) {
		moment := time.Date(2024, 2, 29, 12, 34, 56, 789012000, time.UTC)
		_, err := db.ExecContext(background,
			"INSERT INTO kinds (id, decimals, big, natural_number, flag, ratio, moment, document, bits, bytes, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			1, "12345678901234567890.5", int64(-1<<63), uint64(1<<64-1), true, 0.1, moment, json.RawMessage(`{"a": [1, "ü"]}`), []byte{5, 1}, []byte{0, 255, '\''}, "Grüße '\\ 世界")
		if err != nil {
			return nil, err
		}
		rows, err := db.QueryContext(background, "SELECT * FROM kinds WHERE id = ? AND moment = ? AND natural_number = ?", 1, moment, uint64(1<<64-1))
		if err != nil {
			return nil, err
		}
		return toldRows(rows)
	}},
	{"given up", func(db *sql.Conn) (any, error) {
		_, err := db.ExecContext(background, "SELECT nothing FROM settings WHERE name = ?", "x")
		return toldError(err), nil
	}},
	{"tidied up", func(db *sql.Conn) (any, error) {
		answers := []any{}
		for _, table := range []string{"settings", "kinds", "accounts"} {
			answer, err := told(db.ExecContext(background, "DELETE FROM "+table))
			if err != nil {
				return nil, err
			}
			answers = append(answers, answer)
		}
		return answers, nil
	}},
}

func run(db *sql.Conn, statement string) (any, error) {
	if !hasRows(statement) {
		return told(db.ExecContext(background, statement))
	}
	rows, err := db.QueryContext(background, statement)
	if err != nil {
		return nil, err
	}
	return toldRows(rows)
}

func runPrepared(db *sql.Conn, text string) (any, error) {
	statement, err := db.PrepareContext(background, text)
	if err != nil {
		return nil, err
	}
	defer statement.Close()
	if !hasRows(text) {
		return told(statement.Exec())
	}
	rows, err := statement.Query()
	if err != nil {
		return nil, err
	}
	return toldRows(rows)
}

func hasRows(statement string) bool {
	word, _, _ := strings.Cut(statement, " ")
	return word == "SELECT" || word == "SHOW" || statement == "CALL office.all_counters()"
}

func told(result sql.Result, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	affected, _ := result.RowsAffected()
	id, _ := result.LastInsertId()
	return []int64{affected, id}, nil
}

func toldRows(rows *sql.Rows) (any, error) {
	defer rows.Close()
	answers := []any{}
	for {
		types, err := rows.ColumnTypes()
		if err != nil {
			return nil, err
		}
		columns := []string{}
		for _, each := range types {
			precision, scale, _ := each.DecimalSize()
			columns = append(columns, fmt.Sprint(each.Name(), " ", each.DatabaseTypeName(), " ", precision, " ", scale))
		}
		answers = append(answers, columns)
		for rows.Next() {
			values, places := make([]any, len(types)), make([]any, len(types))
			for i := range values {
				places[i] = &values[i]
			}
			if err := rows.Scan(places...); err != nil {
				return nil, err
			}
			answers = append(answers, fmt.Sprintf("%#v", values))
		}
		if !rows.NextResultSet() {
			return answers, rows.Err()
		}
	}
}

func toldError(err error) any {
	var told *mysql.MySQLError
	if errors.As(err, &told) {
		return fmt.Sprint(told.Number, " ", string(told.SQLState[:]), " ", told.Message)
	}
	return fmt.Sprint(err)
}

func ask(name string, question func() (any, error)) {
	answer := map[string]any{"name": name, "statements": []string{}}
	if value, err := question(); err != nil {
		answer["error"] = toldError(err)
	} else {
		answer["value"] = value
	}
	line, err := json.Marshal(answer)
	must(err)
	fmt.Println(string(line))
}

func open(settings string) *sql.Conn {
	env := os.Getenv
	login := fmt.Sprintf("%s:%s@tcp(%s:%s)/work?%s", env("APP_USER"), env("APP_PASSWORD"), env("APP_HOST"), env("APP_PORT"), settings)
	db, err := sql.Open("mysql", login)
	must(err)
	conn, err := db.Conn(background)
	must(err)
	return conn
}

func readScript(path string) []string {
	text, err := os.ReadFile(path)
	must(err)
	script := []string{}
	for _, line := range strings.Split(string(text), "\n") {
		if line != "" && !strings.HasPrefix(line, "--") {
			script = append(script, line)
		}
	}
	return script
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
