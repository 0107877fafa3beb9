package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.http.Eventually;
import ccproxy.observe.Log;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServeCommandTest {
    private final Log.Output log = Log.configure(Log.Level.INFO, Log.Format.JSON, System.err);
    private final Signals signals = new Signals();
    @TempDir Path folder;
    private Run run;

    @BeforeEach
    void start() {
        run = new Run(folder);
        // Before it even starts: a signal that comes early must not be lost.
        signals.ask(Signals.Asked.STOP);
    }

    @AfterEach
    void restore() {
        Thread.setDefaultUncaughtExceptionHandler(null);
        Log.configure(log);
    }

    @Test
    void readyLineIsAllThatIsOnStdout() {
        assertEquals(ExitCode.OK, serve("--port", "0", "--backend", "echo"));
        String form = "ccproxy %s listening on http://127\\.0\\.0\\.1:\\d+ \\(backend: echo\\)\\R";
        assertTrue(run.out().matches(form.formatted(Version.text())), run.out());
    }

    @Test
    void logNamesTheKeysThatAreSetAndNotTheirValues() {
        serve("--port", "0", "--backend", "echo", "--auth-token", "hunter2");
        assertTrue(run.err().contains("\"settings\":\"port backend auth_token\""), run.err());
        assertFalse(run.err().contains("hunter2"), run.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://127.0.0.1:", "http://localhost:", "http://[::1]:"})
    void apiThatIsThisServerItselfIsAWarning(String url) throws IOException {
        String port = Integer.toString(freePort());
        run.with("ANTHROPIC_BASE_URL", url + port);
        serve("--port", port, "--backend", "echo");
        assertTrue(run.err().contains("points at this server itself"), run.err());
        assertTrue(run.err().contains("env ANTHROPIC_BASE_URL"), run.err());
    }

    @Test
    void apiToWhichNoKeyGoesIsAWarning() {
        String[] flags = {"--port", "0", "--backend", "api"};
        serve(flags);
        assertFalse(run.err().contains("has no key"), run.err());
        run.with("CCPROXY_AUTH_TOKEN", "t");
        signals.ask(Signals.Asked.STOP);
        serve(flags);
        assertTrue(run.err().contains("/api has no key: none set, and clients' own"), run.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://127.0.0.1:1", "http://192.0.2.1:", "http://api.invalid:"})
    void apiElsewhereIsNoWarning(String url) throws IOException {
        String port = Integer.toString(freePort());
        serve("--port", port, "--api-base-url", url.endsWith(":") ? url + port : url);
        assertFalse(run.err().contains("points at this server itself"), run.err());
    }

    @Test
    void serverThatIsDeafEndsSoThatItIsStartedAgain() throws Exception {
        var living = new Signals();
        var command =
                new ServeCommand(
                        Args.parse(List.of("--port", "0", "--backend", "echo")),
                        run.surroundings());
        var code = CompletableFuture.supplyAsync(() -> command.run(living));
        Eventually.isTrue("ready", () -> run.out().contains("listening"));
        Thread harmless = Thread.ofPlatform().name("harmless").start(ServeCommandTest::fail);
        harmless.join();
        assertFalse(code.isDone());
        Thread.ofPlatform().name("HTTP-Dispatcher").start(ServeCommandTest::fail).join();
        assertEquals(ExitCode.FAILED, code.get(20, TimeUnit.SECONDS));
        assertTrue(run.err().contains("\"thread\":\"HTTP-Dispatcher\""), run.err());
    }

    private static void fail() {
        throw new OutOfMemoryError("for the test");
    }

    private ExitCode serve(String... flags) {
        return new ServeCommand(Args.parse(List.of(flags)), run.surroundings()).run(signals);
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
