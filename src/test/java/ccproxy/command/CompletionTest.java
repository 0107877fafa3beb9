package ccproxy.command;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The completion scripts, the one for bash in a real one, where there is one.
class CompletionTest {
    @TempDir Path folder;
    private Run run;

    @BeforeEach
    void start() {
        run = new Run(folder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh", "fish"})
    void scriptHasEveryFlagAndSubcommand(String shell) {
        assertEquals(ExitCode.OK, run.main("completion", shell));
        for (String name : Subcommand.names()) assertTrue(run.out().contains(name), name);
        for (String flag : Subcommand.ASK.flags()) {
            String name = shell.equals("fish") ? "-l " + flag.substring(2) : flag;
            assertTrue(run.out().contains(name), name);
        }
        assertTrue(run.out().contains("auto sdk api echo"));
    }

    @Test
    void unknownShellIsAnError() {
        assertEquals(ExitCode.USAGE, run.main("completion", "tcsh"));
        assertEquals("ccproxy: completion: expected bash, zsh or fish, found 'tcsh'\n", run.err());
        assertEquals(ExitCode.USAGE, run.main("completion"));
        assertEquals(ExitCode.USAGE, run.main("completion", "bash", "zsh"));
    }

    @ParameterizedTest
    @CsvSource({
        "ccproxy --api-b, ccproxy --api-base-url",
        "ccproxy serve --api-b, ccproxy serve --api-base-url",
        "ccproxy do, ccproxy doctor",
        "ccproxy serve --backend ec, ccproxy serve --backend echo",
        "ccproxy --log-level=de, ccproxy --log-level=debug",
        "ccproxy --strict=f, ccproxy --strict=false",
        "ccproxy --strict --sdk-wa, ccproxy --strict --sdk-warm",
        "ccproxy ask --sess, ccproxy ask --session",
        "ccproxy help conf, ccproxy help config",
        "ccproxy completion fi, ccproxy completion fish",
        "ccproxy replay set, ccproxy replay settings.json",
        "ccproxy doctor --client cur, ccproxy doctor --client cursor",
        "ccproxy --config set, ccproxy --config settings.json",
        "ccproxy --sdk-cwd=set, ccproxy --sdk-cwd=settings.json",
    })
    void tabCompletes(String typed, String completed) throws Exception {
        assertEquals(completed, afterTab(typed));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // A flag of another subcommand, a value of its own form, no switch's value.
                "ccproxy token --port",
                "ccproxy --port s",
                "ccproxy --api-key set",
                "ccproxy --strict f",
                "ccproxy serve do",
                "ccproxy --backend=x",
            })
    void tabLeavesWhatItDoesNotKnow(String typed) throws Exception {
        assertEquals(typed, afterTab(typed));
    }

    /// {@return the line that bash runs after `typed` and a tab}: readline also reads from a pipe,
    /// and what is run is a function that prints its words.
    private String afterTab(String typed) throws IOException, InterruptedException {
        boolean hasBash =
                Arrays.stream(System.getenv("PATH").split(":"))
                        .anyMatch(place -> Files.isExecutable(Path.of(place, "bash")));
        assumeTrue(hasBash, "no bash");
        run.main("completion", "bash");
        run.file("complete.bash", run.out()).file("settings.json", "{}");
        String input =
                """
                source complete.bash
                ccproxy() { echo "ran:ccproxy $*"; }
                %s\t
                """;
        Files.writeString(folder.resolve("in"), input.formatted(typed));
        var builder = new ProcessBuilder(List.of("bash", "--norc", "--noprofile", "-i"));
        builder.directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().put("TERM", "dumb");
        builder.environment().put("HISTFILE", "");
        builder.redirectInput(folder.resolve("in").toFile());
        builder.redirectOutput(folder.resolve("out").toFile());
        Process bash = builder.start();
        try {
            assertTrue(bash.waitFor(20, SECONDS), "bash hangs");
        } finally {
            bash.destroyForcibly();
        }
        String out = Files.readString(folder.resolve("out"), StandardCharsets.UTF_8);
        assertFalse(out.contains("complete.bash:"), out);
        return out.lines()
                .filter(line -> line.startsWith("ran:"))
                .map(line -> line.substring(4).strip())
                .findFirst()
                .orElse(out);
    }
}
