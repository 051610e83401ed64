import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import liquibase.Contexts;
import liquibase.LabelExpression;
import liquibase.Liquibase;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.resource.DirectoryResourceAccessor;
import org.flywaydb.core.Flyway;

/** Flyway and Liquibase migrate a sharded keyspace whose VSchema does not name the tables; a line of JSON an answer. */
public final class Migrate {
  private static final String URL = "jdbc:mysql://%s:%s/shop?allowPublicKeyRetrieval=true&useSSL=false&connectionTimeZone=UTC"
      .formatted(System.getenv("APP_HOST"), System.getenv("APP_PORT"));
  private static final String USER = System.getenv("APP_USER");
  private static final String PASSWORD = System.getenv("APP_PASSWORD");

  private static final PrintStream ANSWERS = System.out;

  public static void main(String[] arguments) throws Exception {
    System.setOut(System.err); // Liquibase tells people there what it does
    Path migrations = Path.of(arguments[0]);
    Flyway flyway = Flyway.configure()
        .dataSource(URL, USER, PASSWORD)
        .locations("filesystem:" + migrations.resolve("flyway"))
        .baselineOnMigrate(true)
        .baselineVersion("0")
        .load();
    ask("flyway: migrated", () -> flyway.migrate().migrationsExecuted);
    ask("flyway: migrated again", () -> flyway.migrate().migrationsExecuted);
    ask("flyway: what has been done", () -> rows("SELECT version, description, type, success FROM flyway_schema_history ORDER BY installed_rank"));
    ask("flyway: what it has made", () -> rows("SELECT s.name, COUNT(*) FROM shelves s JOIN books b ON b.shelf_id = s.id GROUP BY s.name ORDER BY s.name"));
    ask("flyway: valid", () -> flyway.validateWithResult().validationSuccessful);
    ask("liquibase: migrated", () -> liquibase(migrations, "migrated"));
    ask("liquibase: migrated again", () -> liquibase(migrations, "migrated"));
    ask("liquibase: what has been done", () -> rows("SELECT ID, AUTHOR, ORDEREXECUTED, EXECTYPE FROM DATABASECHANGELOG ORDER BY ORDEREXECUTED"));
    ask("liquibase: the lock is free", () -> rows("SELECT ID, LOCKED FROM DATABASECHANGELOGLOCK"));
    ask("liquibase: what it has made", () -> rows("SELECT id, label, weight FROM parts ORDER BY id"));
    ask("liquibase: back", () -> liquibase(migrations, "back"));
    ask("tables", () -> rows("SHOW FULL TABLES"));
    ask("cleaned", () -> rows(
        "DROP TABLE books, shelves, flyway_schema_history", "DROP TABLE IF EXISTS parts", "DROP TABLE DATABASECHANGELOG, DATABASECHANGELOGLOCK", "SHOW TABLES"));
  }

  private static Object liquibase(Path migrations, String what) throws Exception {
    try (Connection connection = DriverManager.getConnection(URL, USER, PASSWORD)) {
      var database = DatabaseFactory.getInstance().findCorrectDatabaseImplementation(new JdbcConnection(connection));
      Liquibase liquibase = new Liquibase("changelog.xml", new DirectoryResourceAccessor(migrations.resolve("liquibase")), database);
      if (what.equals("back")) liquibase.rollback(1, "");
      else liquibase.update(new Contexts(), new LabelExpression());
      return liquibase.listUnrunChangeSets(new Contexts(), new LabelExpression()).size();
    }
  }

  private static List<List<String>> rows(String... texts) throws Exception {
    List<List<String>> rows = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection(URL, USER, PASSWORD); var statement = connection.createStatement()) {
      for (String sql : texts) {
        if (!statement.execute(sql)) continue;
        ResultSet result = statement.getResultSet();
        while (result.next()) {
          String[] row = new String[result.getMetaData().getColumnCount()];
          for (int i = 0; i < row.length; i++) row[i] = result.getString(i + 1);
          rows.add(Arrays.asList(row));
        }
      }
    }
    return rows;
  }

  private static void ask(String name, Callable<Object> question) {
    String answer;
    try {
      answer = "\"value\":" + json(String.valueOf(question.call()));
    } catch (Exception error) {
      answer = "\"error\":" + json(error.getClass().getSimpleName() + ": " + error.getMessage());
    }
    ANSWERS.println("{\"name\":" + json(name) + "," + answer + ",\"statements\":[]}");
  }

  private static String json(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') quoted.append('\\').append(c);
      else if (c < ' ') quoted.append(String.format("\\u%04x", (int) c));
      else quoted.append(c);
    }
    return quoted.append('"').toString();
  }
}
