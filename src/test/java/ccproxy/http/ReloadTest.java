package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.FakeCli;
import ccproxy.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The program, whose settings change while it runs.
@Timeout(90)
@EnabledOnOs({OS.LINUX, OS.MAC})
class ReloadTest {
    private static final List<String> JVM = List.of("-Xmx128m");

    @TempDir Path folder;

    private void file(String text) throws IOException {
        // As editors do.
        Path beside = Files.writeString(folder.resolve("beside"), text);
        Files.move(beside, folder.resolve("ccproxy.json"), StandardCopyOption.REPLACE_EXISTING);
    }

    private static int models(Program program, String... headers) throws IOException {
        try (RawClient client = program.raw()) {
            return client.post("/v1/messages", Api.MESSAGES.body("hi"), headers).answer().status();
        }
    }

    @Test
    void fileThatAppearsChangesAndGoesTakesEffect() throws Exception {
        try (var program = new Program(folder, JVM, "--backend", "echo")) {
            assertEquals(200, models(program));
            file("{\"auth_token\": \"hunter2\", \"log\": {\"level\": \"debug\"}}");
            Eventually.isTrue("token wanted", () -> models(program) == 401);
            assertEquals(200, models(program, "x-api-key", "hunter2"));
            file("{\"auth_token\": \"hunter3\"}");
            Eventually.isTrue("another", () -> models(program, "x-api-key", "hunter3") == 200);
            assertEquals(401, models(program, "x-api-key", "hunter2"));
            Files.delete(folder.resolve("ccproxy.json"));
            Eventually.isTrue("no token", () -> models(program) == 200);
            Eventually.isTrue("told", () -> program.logged("configuration changed") == 3);
            assertEquals(2, program.logged("\"settings\":\"auth_token log.level\""));
            assertEquals(1, program.logged("\"settings\":\"auth_token\""));
            assertFalse(program.log().contains("hunter"), program.log());
        }
    }

    @Test
    void wrongFileIsRefusedInOneLineAndTheOldStays() throws Exception {
        file("{\"auth_token\": \"hunter2\"}");
        try (var program = new Program(folder, JVM, "--backend", "echo", "--ping", "4s")) {
            for (String wrong :
                    List.of(
                            "{\"auth_token\": ",
                            "{\"prot\": 1}",
                            "{\"max_body\": 0}",
                            // Each is right, both together are not.
                            "{\"auth_token\": \"hunter2\", \"auth_tokens\": {\"a\": \"hunter2\"}, \"strict\": true}")) {
                long before = program.logged("configuration refused");
                file(wrong);
                program.signal("HUP");
                Eventually.isTrue(
                        "refused", () -> program.logged("configuration refused") > before);
            }
            assertEquals(401, models(program));
            assertEquals(200, models(program, "x-api-key", "hunter2"));
            String log = program.log();
            assertTrue(log.contains("unknown key prot"), log);
            assertTrue(log.contains("nearest is port"), log);
            file("{\"auth_token\": \"hunter2\"}");
            program.signal("HUP");
            Eventually.isTrue("as before", () -> program.logged("configuration unchanged") == 1);
            assertEquals(0, program.stop());
        }
    }

    @Test
    void portAndHostNeedARestartAndFlagsStillWin() throws Exception {
        try (var program = new Program(folder, JVM, "--backend", "echo", "--ping", "4s")) {
            file("{\"host\": \"0.0.0.0\", \"port\": 1, \"ping\": \"2s\", \"strict\": true}");
            program.signal("HUP");
            Eventually.isTrue("warned", () -> program.logged("hold after a restart") == 1);
            String log = program.log();
            // The port is a flag of ours, and wins; so does ping.
            assertTrue(log.contains("\"settings\":\"host strict\""), log);
            assertTrue(log.contains("\"settings\":\"host\""), log);
            assertEquals(200, models(program));
            program.signal("HUP");
            Eventually.isTrue("read", () -> program.logged("\"reason\":\"SIGHUP\"") == 2);
            assertEquals(0, program.stop());
        }
    }

    @ParameterizedTest
    @EnumSource
    void exchangeEndsAsItBeganAndSessionsSurvive(Api api) throws Exception {
        var go = new CountDownLatch(1);
        try (var before = FakeUpstream.of(c -> answer(c, "before", go));
                var after = FakeUpstream.of(c -> answer(c, "after", new CountDownLatch(0)));
                var program = new Program(folder, JVM, "--backend", "api");
                RawClient running = program.raw()) {
            file("{\"api\": {\"base_url\": \"" + before.url() + "\"}}");
            program.signal("HUP");
            Eventually.isTrue("read", () -> program.logged("configuration changed") == 1);
            running.post("/s1" + api.path, api.stream("one")).readUntil("before");
            file("{\"api\": {\"base_url\": \"" + after.url() + "\"}}");
            program.signal("HUP");
            Eventually.isTrue("read", () -> program.logged("configuration changed") == 2);
            try (RawClient client = program.raw()) {
                client.post("/s1" + api.path, api.stream("two"));
                // The same session: it waits for the turn that runs.
                go.countDown();
                running.readUntil("-end");
                String got = client.readUntil("-end");
                assertTrue(got.contains("after"), got);
            }
            String asked = after.requests().getLast().body();
            assertEquals(3, Json.tree(asked).path("messages").size(), asked);
            assertTrue(asked.contains("before-end"), asked);
        }
    }

    private static void answer(FakeUpstream.Connection connection, String word, CountDownLatch go)
            throws Exception {
        connection.stream();
        connection.chunk(FakeUpstream.START);
        connection.text(word);
        go.await();
        connection.text("-end");
        connection.chunk(FakeUpstream.END);
    }

    @Test
    void processesOfTheOldSettingsEndAndSessionsGoOnInNewOnes() throws Exception {
        var fake = new FakeCli(folder);
        String[] flags = {"--backend", "sdk", "--sdk-path", fake.program().toString()};
        try (var program = new Program(folder, JVM, flags);
                RawClient client = program.raw();
                RawClient running = program.raw()) {
            String path = "/s1" + Api.MESSAGES.path;
            client.post(path, Api.MESSAGES.body("play[start;text one;stop]"));
            assertEquals("one", Api.MESSAGES.text(client.answer().body()));
            running.post(
                    "/s2" + Api.MESSAGES.path,
                    Api.MESSAGES.stream("play[start;texts 9 a.;delay 2500;text z;stop]"));
            running.readUntil("a.");
            List<Long> before = fake.pids();
            file("{\"session\": {\"busy_wait\": \"29s\"}}");
            program.signal("HUP");
            Eventually.isTrue("read", () -> program.logged("configuration changed") == 1);
            client.post(path, Api.MESSAGES.body("play[start;text two;stop]"));
            assertEquals("two", Api.MESSAGES.text(client.answer().body()));
            String sessions = client.get("/sessions").body();
            assertEquals(4, messages(sessions, "s1"), sessions);
            // What ran goes on to its own end, and its process ends with it.
            running.readUntil("message_stop");
            for (long pid : before) Eventually.isTrue("gone", () -> !FakeCli.isAlive(pid));
            Eventually.isTrue(
                    "two turns", () -> messages(client.get("/sessions").body(), "s2") == 2);
        }
        for (long pid : fake.pids()) Eventually.isTrue("gone", () -> !FakeCli.isAlive(pid));
    }

    private static int messages(String sessions, String id) {
        for (var session : Json.tree(sessions).path("data"))
            if (session.path("id").asString("").equals(id)) return session.path("messages").asInt();
        return 0;
    }

    @Test
    void readingAgainAndAgainLeaksNothing() throws Exception {
        try (var program = new Program(folder, JVM, "--backend", "api")) {
            reload(program, 0, 20);
            long threads = count(program, "task");
            long files = count(program, "fd");
            reload(program, 20, 100);
            Eventually.isTrue("threads end", () -> count(program, "task") <= threads + 2);
            Eventually.isTrue("files are closed", () -> count(program, "fd") <= files + 2);
        }
    }

    private void reload(Program program, int from, int to) throws Exception {
        for (int i = from; i < to; i++) {
            int times = i + 1;
            file("{\"api\": {\"base_url\": \"http://127.0.0.1:" + (2000 + i) + "\"}}");
            program.signal("HUP");
            Eventually.isTrue("read", () -> program.logged("configuration changed") == times);
        }
    }

    private static long count(Program program, String what) {
        Path place = Path.of("/proc", Long.toString(program.handle().pid()), what);
        if (!Files.isDirectory(place)) return 0;
        try (Stream<Path> entries = Files.list(place)) {
            return entries.count();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void nohupKeepsItsPromise() throws Exception {
        try (var program = Program.under(List.of("nohup"), folder, "--backend", "echo")) {
            file("{\"auth_token\": \"hunter2\"}");
            program.signal("HUP");
            Eventually.isTrue("token wanted", () -> models(program) == 401);
            Eventually.isTrue("told", () -> program.logged("file changed") == 1);
            assertEquals(0, program.logged("SIGHUP"));
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void terminalThatIsClosedStopsIt() throws Exception {
        // `script` gives it a terminal, and takes it away when it ends.
        List<String> command = Program.command(JVM, "--backend", "echo");
        String line = "exec '" + String.join("' '", command) + "' 2>err2";
        try (var program = Program.of(List.of("script", "-qfec", line, "/dev/null"), folder)) {
            ProcessHandle server =
                    program.handle()
                            .descendants()
                            .filter(p -> p.info().command().orElse("").endsWith("java"))
                            .findFirst()
                            .orElseThrow();
            Process reload = new ProcessBuilder("kill", "-HUP", server.pid() + "").start();
            assertEquals(0, reload.waitFor());
            Path log = folder.resolve("err2");
            Eventually.isTrue(
                    "read again", () -> Files.readString(log).contains("\"reason\":\"SIGHUP\""));
            program.kill();
            Eventually.isTrue("stopped", () -> !server.isAlive());
            assertTrue(Files.readString(log).contains("server stopped"), Files.readString(log));
        }
    }
}
