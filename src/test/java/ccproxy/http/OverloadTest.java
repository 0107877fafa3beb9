package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// More than the server can take on: it says so at once, and lives on.
@Timeout(120)
class OverloadTest {
    private static final int LARGE = 6 << 20;
    private static final String ANSWER =
            """
            {"id":"m","type":"message","role":"assistant","model":"m","content":[],
             "stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}
            """;

    @TempDir Path folder;

    @ParameterizedTest
    @EnumSource
    void answersBeyondTheLimitAreRefusedAtOnceAndHealthIsAnswered(Api api) throws Exception {
        String script = "/echo {\"text\":\"first\",\"delta_count\":100000,\"delta_delay_ms\":100}";
        try (var server = new TestServer().streamsMax(2).start();
                RawClient one = server.raw().post(api.path, api.stream(script));
                RawClient two = server.raw().post(api.path, api.stream(script))) {
            one.readUntil("first");
            two.readUntil("first");
            for (String body : List.of(api.body("x"), api.stream("x"))) {
                var refused = server.post(api.path, body);
                assertEquals(api == Api.CHAT ? 503 : 529, refused.statusCode());
                assertEquals("1", refused.headers().firstValue("retry-after").orElse(""));
                assertTrue(api.error(refused.body()).contains("max_streams"), refused.body());
            }
            for (String path : List.of("/health", "/health/ready", "/v1/models", "/sessions"))
                assertEquals(200, server.get(path).statusCode(), path);
            one.socket().close();
            Eventually.isTrue(
                    "a place is free",
                    () -> server.post(api.path, api.body("x")).statusCode() == 200);
        }
    }

    /// Each needs most of all that may be taken; fifty come at once.
    @ParameterizedTest
    @EnumSource
    void largeBodiesBeyondTheMemoryAreRefusedAndTheRestIsAnswered(Api api) throws Exception {
        try (var upstream = FakeUpstream.of(c -> c.json(200, ANSWER));
                var program = api(upstream, "-Xmx64m");
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            byte[] body = api.body("x".repeat(LARGE)).getBytes();
            var asked = new ArrayList<Future<Integer>>();
            for (int i = 0; i < 50; i++)
                asked.add(threads.submit(() -> status(program, api, body)));
            int answered = 0;
            for (Future<Integer> status : asked) {
                if (status.get() == 200) answered++;
                else assertEquals(api == Api.CHAT ? 503 : 529, status.get());
            }
            assertTrue(answered > 0, program.log());
            Eventually.isTrue("all is free again", () -> status(program, api, body) == 200);
            // What never fits is no matter of waiting.
            byte[] tooLarge = api.body("x".repeat(30 << 20)).getBytes();
            assertEquals(413, status(program, api, tooLarge));
            assertEquals(0, program.stop(), program.log());
        }
    }

    @ParameterizedTest
    @EnumSource
    void bodiesOfManySmallValuesAreReckonedByThem(Api api) throws Exception {
        try (var upstream = FakeUpstream.of(c -> c.json(200, ANSWER));
                var program = api(upstream, "-Xmx64m")) {
            String many = "[],".repeat(LARGE / 3) + "[]";
            String body = api.body("x").replaceFirst("\\}$", ",\"odd\":[" + many + "]}");
            assertEquals(413, status(program, api, body.getBytes()));
            assertEquals(200, status(program, api, api.body("x").getBytes()));
        }
    }

    private Program api(FakeUpstream upstream, String... jvm) throws IOException {
        return new Program(
                folder,
                List.of(jvm),
                "--backend",
                "api",
                "--api-base-url",
                upstream.url(),
                "--api-key",
                "k");
    }

    private static int status(Program program, Api api, byte[] body) throws IOException {
        try (RawClient client = program.raw()) {
            client.socket().setSoTimeout(60_000);
            return client.post(api.path, body).answer().status();
        }
    }

    @Test
    void thousandIdleConnectionsDoNotSlowHealthDown() throws Exception {
        try (var program = new Program(folder, List.of("-Xmx128m"), "--backend", "echo")) {
            var idle = new ArrayList<RawClient>();
            for (int i = 0; i < 1000; i++) idle.add(program.raw());
            for (int i = 0; i < 500; i++) assertEquals(200, idle.get(i).get("/health").status());
            long[] micros = new long[40];
            for (int i = 0; i < micros.length; i++) {
                long begun = System.nanoTime();
                try (RawClient client = program.raw()) {
                    assertEquals(200, client.get("/health").status());
                }
                micros[i] = (System.nanoTime() - begun) / 1000;
            }
            Arrays.sort(micros);
            assertTrue(micros[20] < 100_000, Arrays.toString(micros));
            for (RawClient client : idle) client.close();
        }
    }

    @Test
    void connectionsBeyondTheLimitAreClosedAndHealthHasSomeOfItsOwn() throws Exception {
        try (var program =
                new Program(
                        folder,
                        List.of("-Xmx128m"),
                        "--backend",
                        "echo",
                        "--max-connections",
                        "20",
                        "--max-streams",
                        "10")) {
            var all = new ArrayList<RawClient>();
            for (int i = 0; i < 20; i++) all.add(program.raw());
            assertTrue(isHealthy(program));
            for (int i = 0; i < 15; i++) all.add(program.raw());
            Eventually.isTrue("the last one", () -> isHealthy(program));
            // One that has left may be counted for a moment.
            Eventually.isTrue(
                    "one is closed",
                    () -> {
                        all.add(program.raw());
                        all.getLast().socket().setSoTimeout(500);
                        return all.getLast().isClosedByServer();
                    });
            assertTrue(all.size() <= 40, "open: " + all.size());
            for (RawClient client : all) client.close();
            Eventually.isTrue("room again", () -> isHealthy(program));
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void neverRunsOutOfOpenFiles() throws Exception {
        var command = new ArrayList<>(List.of("bash", "-c", "ulimit -n 256; exec \"$@\"", "-"));
        command.addAll(Program.command(List.of("-Xmx128m"), "--backend", "echo"));
        try (var program = Program.of(command, folder)) {
            Eventually.isTrue("warned", () -> program.logged("too few open files") == 1);
            var clients = new ArrayList<RawClient>();
            for (int i = 0; i < 500; i++) clients.add(program.raw());
            assertTrue(openFiles(program) < 256, program.log());
            long cpu = cpuMillis(program);
            long begun = System.nanoTime();
            for (RawClient client : clients.subList(400, 500))
                assertTrue(client.isClosedByServer());
            long millis = (System.nanoTime() - begun) / 1_000_000;
            // Closing what comes is no reason to turn round and round.
            assertTrue(cpuMillis(program) - cpu < 500 + millis / 2, "busy");
            for (RawClient client : clients) client.close();
            Eventually.isTrue("room again", () -> isHealthy(program));
            assertEquals(0, program.stop());
        }
    }

    private static boolean isHealthy(Program program) {
        try (RawClient client = program.raw()) {
            return client.get("/health").status() == 200;
        } catch (IOException _) {
            return false;
        }
    }

    private static long openFiles(Program program) throws IOException {
        Path place = Path.of("/proc", Long.toString(program.handle().pid()), "fd");
        try (Stream<Path> files = Files.list(place)) {
            return files.count();
        }
    }

    private static long cpuMillis(Program program) {
        return program.handle().info().totalCpuDuration().orElseThrow().toMillis();
    }
}
