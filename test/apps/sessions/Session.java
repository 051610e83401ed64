import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** Connector/J: the script, by text and by prepared statements of the server, then what the driver itself offers. */
public final class Session {
  private static final String URL = "jdbc:mysql://%s:%s/work?allowPublicKeyRetrieval=true&useSSL=false&connectionTimeZone=UTC"
      .formatted(System.getenv("APP_HOST"), System.getenv("APP_PORT"));
  private static final PrintStream ANSWERS = System.out;

  public static void main(String[] arguments) throws Exception {
    List<String> script = Files.readAllLines(Path.of(arguments[0])).stream()
        .filter(line -> !line.isEmpty() && !line.startsWith("--")).toList();
    try (Connection text = open(""); Connection binary = open("&useServerPrepStmts=true&cachePrepStmts=true")) {
      for (int i = 0; i < script.size(); i++) {
        String sql = script.get(i);
        ask("text " + (i + 1) + ": " + sql, () -> run(text, sql));
      }
      for (int i = 0; i < script.size(); i++) {
        String sql = script.get(i);
        ask("prepared " + (i + 1) + ": " + sql, () -> {
          try (PreparedStatement statement = binary.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS)) {
            return told(statement, statement.execute());
          }
        });
      }
    }
    for (String settings : List.of("", "&useServerPrepStmts=true&rewriteBatchedStatements=true",
        "&rewriteBatchedStatements=true&allowMultiQueries=true&useAffectedRows=true")) {
      try (Connection db = open(settings)) {
        for (Map.Entry<String, Callable<Object>> question : questions(db).entrySet())
          ask(question.getKey() + " " + settings, question.getValue());
      }
    }
  }

  private static Map<String, Callable<Object>> questions(Connection db) {
    Map<String, Callable<Object>> asked = new java.util.LinkedHashMap<>();
    asked.put("rows in a batch, with their keys", () -> batch(db, "INSERT INTO accounts (email, balance) VALUES (?, ?)",
        rows(20, i -> List.of("batch" + i + "@x", new BigDecimal(i + ".50")))));
    asked.put("upserts in a batch", () -> batch(db,
        "INSERT INTO settings (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value), changes = changes + 1",
        List.of(List.of("a", "1"), List.of("b", "2"), List.of("a", "3"))));
    asked.put("changes in a batch", () -> batch(db, "UPDATE accounts SET balance = balance + ? WHERE email = ?",
        List.of(List.of(1, "batch1@x"), List.of(2, "batch2@x"), List.of(3, "nobody@x"), List.of(4, "batch4@x"))));
    asked.put("deletions in a batch", () -> batch(db, "DELETE FROM accounts WHERE email = ?",
        List.of(List.of("batch7@x"), List.of("batch8@x"), List.of("nobody@x"), List.of("batch9@x"))));
    asked.put("a batch with a row twice", () -> batch(db, "INSERT INTO settings (name, value) VALUES (?, ?)",
        List.of(List.of("c", "1"), List.of("a", "2"), List.of("d", "3"))));
    asked.put("what it left", () -> run(db, "SELECT * FROM settings ORDER BY name"));
    asked.put("statements in a batch", () -> {
      try (Statement statement = db.createStatement()) {
        for (int i = 0; i < 6; i++) statement.addBatch("INSERT INTO settings (name) VALUES ('s" + i + "')");
        statement.addBatch("UPDATE settings SET value = 'x' WHERE name LIKE 's%'");
        return Arrays.toString(statement.executeBatch());
      }
    });
    asked.put("a transaction with savepoints", () -> {
      db.setAutoCommit(false);
      try {
        run(db, "UPDATE accounts SET balance = balance - 1 WHERE email = 'batch1@x'");
        Savepoint first = db.setSavepoint("first");
        run(db, "UPDATE accounts SET balance = balance + 1 WHERE email = 'batch2@x'");
        Savepoint second = db.setSavepoint();
        run(db, "DELETE FROM accounts");
        db.rollback(second);
        db.releaseSavepoint(first);
        db.commit();
        run(db, "DELETE FROM settings");
        db.rollback();
        return run(db, "SELECT email, balance FROM accounts ORDER BY email");
      } finally {
        db.setAutoCommit(true);
      }
    });
    asked.put("an error in a transaction", () -> {
      db.setAutoCommit(false);
      String error = null;
      try {
        run(db, "INSERT INTO settings (name) VALUES ('t1')");
        try {
          run(db, "INSERT INTO settings (name) VALUES ('t2'), ('t1')");
        } catch (SQLException e) {
          error = told(e);
        }
        run(db, "INSERT INTO settings (name) VALUES ('t3')");
        db.commit();
      } finally {
        db.setAutoCommit(true);
      }
      return error + run(db, "SELECT name FROM settings WHERE name LIKE 't%' ORDER BY name");
    });
    asked.put("isolation and read only", () -> {
      db.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      db.setReadOnly(true);
      String error = "none";
      try {
        run(db, "DELETE FROM settings");
      } catch (SQLException e) {
        error = told(e);
      }
      db.setReadOnly(false);
      Object level = db.getTransactionIsolation();
      db.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      return level + error;
    });
    asked.put("values of all kinds", () -> {
      try (PreparedStatement statement = db.prepareStatement(
          "INSERT INTO kinds (id, decimals, big, natural_number, flag, ratio, moment, document, bits, bytes, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
        statement.setInt(1, 1);
        statement.setBigDecimal(2, new BigDecimal("12345678901234567890.5"));
        statement.setLong(3, Long.MIN_VALUE);
        statement.setObject(4, new java.math.BigInteger("18446744073709551615"));
        statement.setBoolean(5, true);
        statement.setDouble(6, 0.1);
        statement.setTimestamp(7, Timestamp.valueOf("2024-02-29 12:34:56.789012"));
        statement.setString(8, "{\"a\": [1, \"ü\"]}");
        statement.setBytes(9, new byte[] {5, 1});
        statement.setBytes(10, new byte[] {0, -1, 39, 92});
        statement.setString(11, "Grüße '\\ 世界");
        statement.execute();
      }
      try (PreparedStatement statement = db.prepareStatement("SELECT * FROM kinds WHERE id = ? AND decimals > ? AND moment < ?")) {
        statement.setInt(1, 1);
        statement.setBigDecimal(2, new BigDecimal("1.5"));
        statement.setTimestamp(3, Timestamp.valueOf("2025-01-01 00:00:00"));
        return told(statement, statement.execute());
      }
    });
    asked.put("rows changed in a result", () -> {
      try (Statement statement = db.createStatement(ResultSet.TYPE_SCROLL_SENSITIVE, ResultSet.CONCUR_UPDATABLE);
          ResultSet result = statement.executeQuery("SELECT name, value, changes FROM settings WHERE name < 'c' ORDER BY name")) {
        result.next();
        result.updateString("value", "changed");
        result.updateRow();
        result.last();
        result.deleteRow();
        result.moveToInsertRow();
        result.updateString("name", "inserted");
        result.updateString("value", "x");
        result.updateInt("changes", 3);
        result.insertRow();
      }
      return run(db, "SELECT * FROM settings ORDER BY name");
    });
    asked.put("rows as they come", () -> {
      try (Statement statement = db.createStatement(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
        statement.setFetchSize(Integer.MIN_VALUE);
        return told(statement, statement.execute("SELECT email FROM accounts ORDER BY email"));
      }
    });
    asked.put("a procedure", () -> {
      try (var call = db.prepareCall("{CALL office.add_up(?, ?, ?)}")) {
        call.setInt(1, 4);
        call.setInt(2, 5);
        call.registerOutParameter(3, java.sql.Types.INTEGER);
        call.execute();
        return call.getInt(3);
      }
    });
    asked.put("tidied up", () -> {
      for (String table : List.of("settings", "kinds", "accounts")) run(db, "DELETE FROM " + table);
      return null;
    });
    return asked;
  }

  private static Connection open(String settings) throws SQLException {
    return DriverManager.getConnection(URL + settings, System.getenv("APP_USER"), System.getenv("APP_PASSWORD"));
  }

  private static List<List<Object>> rows(int count, java.util.function.IntFunction<List<Object>> row) {
    return java.util.stream.IntStream.range(0, count).mapToObj(row).toList();
  }

  private static Object batch(Connection db, String sql, List<? extends List<?>> rows) throws SQLException {
    try (PreparedStatement statement = db.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS)) {
      for (List<?> row : rows) {
        for (int i = 0; i < row.size(); i++) statement.setObject(i + 1, row.get(i));
        statement.addBatch();
      }
      try {
        return Arrays.toString(statement.executeBatch()) + keys(statement);
      } catch (BatchUpdateException error) {
        return Arrays.toString(error.getUpdateCounts()) + told(error);
      }
    }
  }

  private static Object run(Connection db, String sql) throws SQLException {
    try (Statement statement = db.createStatement()) {
      return told(statement, statement.execute(sql, Statement.RETURN_GENERATED_KEYS));
    }
  }

  /** All results of a statement, its generated keys and its warnings. */
  private static String told(Statement statement, boolean hasRows) throws SQLException {
    StringBuilder text = new StringBuilder();
    for (;;) {
      if (hasRows) text.append(rows(statement.getResultSet()));
      else if (statement.getUpdateCount() == -1) break;
      else text.append(statement.getUpdateCount()).append(keys(statement));
      hasRows = statement.getMoreResults();
    }
    for (SQLWarning warning = statement.getWarnings(); warning != null; warning = warning.getNextWarning())
      text.append(told(warning));
    return text.toString();
  }

  private static String keys(Statement statement) throws SQLException {
    try (ResultSet keys = statement.getGeneratedKeys()) {
      List<String> found = new ArrayList<>();
      while (keys.next()) found.add(keys.getString(1));
      return " keys " + found;
    }
  }

  private static String rows(ResultSet result) throws SQLException {
    ResultSetMetaData about = result.getMetaData();
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= about.getColumnCount(); i++)
      text.append(about.getColumnLabel(i)).append(' ').append(about.getColumnTypeName(i)).append(", ");
    while (result.next()) {
      List<String> row = new ArrayList<>();
      for (int i = 1; i <= about.getColumnCount(); i++)
        row.add(result.getObject(i) instanceof byte[] bytes ? Arrays.toString(bytes) : result.getString(i));
      text.append('\n').append(row);
    }
    return text.toString();
  }

  private static String told(SQLException error) {
    return " %s %s %s".formatted(error.getErrorCode(), error.getSQLState(), error.getMessage());
  }

  private static void ask(String name, Callable<Object> question) {
    String answer;
    try {
      answer = "\"value\":" + json(String.valueOf(question.call()));
    } catch (SQLException error) {
      answer = "\"error\":" + json(told(error));
    } catch (Exception error) {
      answer = "\"error\":" + json(error.toString());
    }
    ANSWERS.println("{\"name\":" + json(name) + "," + answer + ",\"statements\":[]}");
  }

  private static String json(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') quoted.append('\\').append(c);
      else if (c < ' ' || c > '~') quoted.append(String.format("\\u%04x", (int) c));
      else quoted.append(c);
    }
    return quoted.append('"').toString();
  }
}
