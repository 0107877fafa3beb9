package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.observe.Log;
import ccproxy.wire.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsageCommandTest {
    private static final String USAGE = "home/.local/state/ccproxy/usage/";

    private final Log.Output log = Log.configure(Log.Level.INFO, Log.Format.JSON, System.err);
    private final Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    @TempDir Path folder;
    private Run run;

    @BeforeEach
    void start() {
        run = new Run(folder);
    }

    @AfterEach
    void restore() {
        Log.configure(log);
    }

    private void ledger() {
        String day = now.toString().substring(0, 10);
        String line =
                """
                {"time":"%s","key":"","model":"%s","session_id":"","status":%d,"input_tokens":%d,"output_tokens":5,"cache_read_tokens":30,"cache_creation_tokens":0,"cost_usd":%s}
                """;
        run.file(
                USAGE + day + ".jsonl",
                line.formatted(now, "a", 200, 10, "1.5")
                        + line.formatted(now, "a", 529, 10, "null")
                        + line.formatted(now, "long\\u001bname", 200, 1000, "null"));
    }

    @Test
    void tableOfWhatWasUsed() {
        ledger();
        assertEquals(ExitCode.OK, run.main("usage", "--by", "model", "--since=1d"));
        String[] lines = run.out().split("\\R");
        assertTrue(lines[0].startsWith("since 20"), lines[0]);
        assertEquals(
                """
                model      requests  errors  input  output  cache read  cache write  cache hits  cost USD
                a                 2       1     20      10          60            0       75.0%    1.5000
                long?name         1       0   1000       5          30            0        2.9%         -
                total             3       1   1020      15          90            0        8.1%    1.5000\
                """,
                String.join("\n", java.util.Arrays.copyOfRange(lines, 1, lines.length)));
    }

    @Test
    void sameAsJson() {
        ledger();
        assertEquals(ExitCode.OK, run.main("usage", "--json", "--by", "key"));
        var told = Json.tree(run.out());
        assertEquals("key", told.path("by").asString());
        assertEquals("(none)", told.path("data").path(0).path("key").asString());
        assertEquals(1.5, told.path("total").path("cost_usd").asDouble());
    }

    @Test
    void nothingUsedIsATableOfNothing() {
        assertEquals(ExitCode.OK, run.main("usage"));
        assertTrue(run.out().contains("\ntotal"), run.out());
    }

    @Test
    void wrongFlagsAreNamed() {
        assertEquals(ExitCode.USAGE, run.main("usage", "--by", "user"));
        assertEquals(
                "ccproxy: usage: --by: expected day, model, session or key, found 'user'",
                run.err().strip());
        assertEquals(ExitCode.USAGE, run.main("usage", "--since", "yesterday"));
        assertTrue(run.err().contains("--since: expected a time such as 30m"), run.err());
    }

    @Test
    void ledgerThatCannotBeReadIsAFailure() throws Exception {
        run.file("home/.local/state/ccproxy/usage", "not a folder");
        assertEquals(ExitCode.FAILED, run.main("usage"));
        assertTrue(run.err().contains("expected a readable ledger"), run.err());
        assertTrue(Files.isRegularFile(folder.resolve("home/.local/state/ccproxy/usage")));
    }
}
