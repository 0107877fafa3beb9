package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.CliSettings;
import ccproxy.wire.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// Whether the server is well, and how it stops.
class HealthTest {
    private TestServer server;

    @BeforeEach
    void start() {
        server = new TestServer().start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void serverThatRunsIsLiveAndReady() {
        for (String path : new String[] {"/health", "/health/live", "/health/ready"}) {
            var answer = server.get(path);
            assertEquals(200, answer.statusCode());
            assertEquals(
                    "{\"status\":\"ok\",\"version\":\"1.2.3\",\"backend\":\"echo\"}",
                    answer.body());
        }
    }

    /// A program that only tells of itself.
    private static CliSettings cli(Path folder, String name, String login) throws IOException {
        Path program = folder.resolve(name);
        String script =
                """
                #!/bin/sh
                case "$1" in
                --version) echo "2.1.330 (Claude Code)" ;;
                auth) echo '{"loggedIn": %s, "authMethod": "api_key"}' ;;
                esac
                """
                        .formatted(login);
        Files.writeString(program, script);
        assertTrue(program.toFile().setExecutable(true));
        return new CliSettings(
                program.toString(),
                "",
                "",
                "default",
                CliSettings.MessageMode.IGNORE,
                0,
                1,
                folder.resolve("state"),
                Map.of("PATH", System.getenv("PATH")));
    }

    @Test
    void readyTellsVersionAndLoginOfTheCli(@TempDir Path folder) throws IOException {
        server.close();
        server = new TestServer().cli(cli(folder, "claude", "true")).start();
        Eventually.isTrue(
                "version", () -> server.get("/health/ready").body().contains("\"2.1.330\""));
        var answer = server.get("/health/ready");
        assertEquals(200, answer.statusCode());
        JsonNode sdk = Json.tree(answer.body()).path("sdk");
        assertTrue(sdk.path("logged_in").asBoolean());
        assertEquals("api_key", sdk.path("login").asString());
        assertEquals(0, sdk.path("processes_started").asInt(-1));
    }

    @Test
    void serverWhoseCliCannotAnswerIsNotReadyAndSaysWhatToDo(@TempDir Path folder)
            throws IOException {
        server.close();
        server = new TestServer().cli(cli(folder, "stranger", "false")).start();
        Eventually.isTrue("not ready", () -> server.get("/health/ready").statusCode() == 503);
        assertTrue(server.get("/health/ready").body().contains("use /login"));
        assertWarnedOnceOf("use /login");
        assertEquals(200, server.get("/health").statusCode());
        server.close();
        server = new TestServer().cli(CliSettings.NONE).start();
        Eventually.isTrue("not ready", () -> server.get("/health/ready").statusCode() == 503);
        assertTrue(server.get("/health/ready").body().contains("npm install"));
        assertWarnedOnceOf("npm install");
    }

    private void assertWarnedOnceOf(String problem) {
        List<String> warned =
                server.log().text().lines().filter(line -> line.contains(problem)).toList();
        assertEquals(1, warned.size(), server.log().text());
        JsonNode line = Json.tree(warned.getFirst());
        assertEquals("warn", line.path("level").asString());
        assertEquals("/sdk cannot answer", line.path("msg").asString());
    }

    @ParameterizedTest
    @EnumSource
    void streamsThatRunFinishWithinTheGraceAndNothingNewBegins(Api api) throws Exception {
        String script = "/echo {\"text\":\"one two three four\",\"delta_delay_ms\":400}";
        try (RawClient running = server.raw().post(api.path, api.stream(script));
                RawClient watching = server.raw();
                RawClient living = server.raw();
                RawClient asking = server.raw();
                RawClient kept = server.raw().post(api.path, api.body("x"))) {
            assertEquals(200, kept.answer().status());
            for (RawClient client : List.of(watching, living, asking))
                assertEquals(200, client.get("/health/ready").status());
            String seen = running.readUntil("one ");
            Thread stopping = stop(Duration.ofSeconds(10));
            Eventually.isTrue("refused", () -> isRefused());
            RawClient.Answer ready = watching.get("/health/ready");
            assertEquals(503, ready.status());
            assertTrue(ready.body().contains("\"status\":\"stopping\""), ready.body());
            assertTrue(watching.isClosedByServer());
            assertEquals(200, living.get("/health/live").status());
            assertEquals(503, asking.get("/v1/models").status());

            RawClient.Answer refused = kept.post(api.path, api.body("x")).answer();
            assertEquals(503, refused.status());
            assertEquals("the server is stopping", api.error(refused.body()));
            assertEquals("1", refused.header("retry-after"));
            assertEquals("close", refused.header("connection"));
            assertTrue(kept.isClosedByServer());

            seen += running.readUntil(end(api));
            assertTrue(seen.contains("four"), seen);
            stopping.join();
        }
        JsonNode line = server.log().requestLines().getLast();
        assertTrue(line.path("error").isNull(), line.toString());
    }

    @ParameterizedTest
    @EnumSource
    void streamsThatDoNotFinishAreToldSo(Api api) throws Exception {
        String script = "/echo {\"delta_count\":10000,\"delta_delay_ms\":20}";
        var clients = new ArrayList<RawClient>();
        for (int i = 0; i < 3; i++) {
            clients.add(server.raw().post(api.path, api.stream(script)));
            clients.getLast().readUntil("echo ");
        }
        RawClient waiting = server.raw().post("/s1" + api.path, api.body(script));
        RawClient silent =
                server.raw().post("/s2" + api.path, api.stream("/echo {\"first_delay_ms\":60000}"));
        for (String session : new String[] {"s1", "s2"})
            Eventually.isTrue(
                    session,
                    () -> server.session(session).path("state").asString("").equals("busy"));
        long begun = System.nanoTime();
        stop(Duration.ofMillis(300)).join();
        long millis = (System.nanoTime() - begun) / 1_000_000;
        assertTrue(millis >= 300, millis + " ms");
        Eventually.assertSoon(begun);

        for (RawClient client : clients) {
            String rest = client.readAll();
            assertTrue(rest.contains("the server is stopping"), rest);
            assertFalse(rest.contains(end(api)), rest);
        }
        for (RawClient client : List.of(waiting, silent)) {
            var answer = client.answer();
            assertEquals(503, answer.status());
            assertEquals("the server is stopping", api.error(answer.body()));
        }
        Eventually.isTrue("five lines of stopped answers", () -> stopped() == 5);
    }

    @ParameterizedTest
    @EnumSource
    void requestThatWaitsForItsSessionIsToldToo(Api api) throws Exception {
        String script = "/echo {\"delta_count\":10000,\"delta_delay_ms\":20}";
        try (RawClient first = server.raw().post("/s1" + api.path, api.stream(script));
                RawClient second = server.raw()) {
            first.readUntil("echo ");
            second.post("/s1" + api.path, api.body("x"));
            stop(Duration.ofMillis(200)).join();
            assertTrue(first.readAll().contains("the server is stopping"));
            assertEquals(503, second.answer().status());
        }
    }

    @Test
    void idleServerStopsAtOnce() throws Exception {
        try (RawClient idle = server.raw()) {
            idle.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertEquals(200, idle.answer().status());
            long begun = System.nanoTime();
            stop(Duration.ofSeconds(60)).join();
            Eventually.assertSoon(begun);
            assertTrue(idle.isClosedByServer());
        }
    }

    @Test
    void takenPortIsAnError() {
        org.junit.jupiter.api.Assertions.assertThrows(
                IOException.class,
                () -> {
                    var settings =
                            new ServerSettings(
                                    "1",
                                    new ServerSettings.Listen(
                                            "127.0.0.1", server.port(), Keystore.NONE),
                                    new ServerSettings.Access(ClientKeys.NONE, Set.of(), Set.of()),
                                    new ServerSettings.Limits(1, 1),
                                    Duration.ofSeconds(1),
                                    false,
                                    "field");
                    try (var second = new Server(settings, server.backends())) {
                        second.start();
                    }
                });
    }

    private boolean isRefused() throws IOException {
        try (var _ = new Socket("127.0.0.1", server.port())) {
            return false;
        } catch (ConnectException _) {
            return true;
        }
    }

    private long stopped() {
        return server.log().requestLines().stream()
                .filter(line -> line.path("error").asString("").equals("the server is stopping"))
                .count();
    }

    private Thread stop(Duration grace) {
        return Thread.ofVirtual().start(() -> server.stop(grace));
    }

    private static String end(Api api) {
        return api == Api.CHAT ? "data: [DONE]\n\n" : "event: message_stop\n";
    }
}
