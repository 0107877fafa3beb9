package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.FakeCli;
import ccproxy.wire.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The program, told to stop by real signals.
@Timeout(90)
@EnabledOnOs({OS.LINUX, OS.MAC})
class StopTest {
    private static final List<String> JVM = List.of("-Xmx128m");
    private static final String TALKS = "play[start;texts 3 word.;delay 60000]";

    @TempDir Path folder;

    @ParameterizedTest
    @EnumSource
    void hundredStreamsFinishAndIdleConnectionsAreNotWaitedFor(Api api) throws Exception {
        String script = "/echo {\"text\":\"first\",\"delta_count\":20,\"delta_delay_ms\":100}";
        try (var program = new Program(folder, JVM, "--backend", "echo");
                RawClient watching = program.raw()) {
            var idle = new ArrayList<RawClient>();
            for (int i = 0; i < 100; i++) idle.add(program.raw());
            for (RawClient client : idle) assertEquals(200, client.get("/health").status());
            var streams = new ArrayList<RawClient>();
            for (int i = 0; i < 100; i++)
                streams.add(program.raw().post(api.path, api.stream(script)));
            for (RawClient stream : streams) stream.readUntil("first");
            assertEquals(200, watching.get("/health/ready").status());
            program.signal("TERM");
            Eventually.isTrue("not ready", () -> watching.get("/health/ready").status() == 503);
            Eventually.isTrue("refused", () -> isRefused(program));
            for (RawClient stream : streams)
                assertTrue(api.isWhole(stream.readUntil(end(api))), "cut");
            assertEquals(0, program.awaitEnd());
            for (RawClient client : idle) assertTrue(client.isClosedByServer());
            assertEquals(100, program.logged("\"stop_reason\":\"end_turn\""));
            assertTrue(program.log().endsWith("\"msg\":\"server stopped\"}\n"), program.log());
        }
    }

    private static boolean isRefused(Program program) throws IOException {
        try (var _ = new Socket("127.0.0.1", program.port())) {
            return false;
        } catch (ConnectException _) {
            return true;
        } catch (SocketException _) {
            // It came while the socket was closing; the next one is refused.
            return false;
        }
    }

    private static String end(Api api) {
        return api == Api.CHAT ? "data: [DONE]\n\n" : "event: message_stop\n";
    }

    @ParameterizedTest
    @EnumSource
    void whatDoesNotFinishIsToldSoAndItsSessionResumesAfterTheRestart(Api api) throws Exception {
        var fake = new FakeCli(folder);
        try (var program = sdk(fake, "--shutdown-grace", "1s");
                RawClient stream = program.raw().post("/s1" + api.path, api.stream(TALKS));
                RawClient queued = program.raw();
                RawClient busy = program.raw()) {
            stream.readUntil("word.");
            // One waits for a process, one for its session.
            queued.post(api.path, api.body("x"));
            busy.post("/s1" + api.path, api.body("x"));
            program.signal("TERM");
            String rest = stream.readAll();
            assertTrue(rest.contains("the server is stopping"), rest);
            assertFalse(rest.contains(end(api)), rest);
            for (RawClient waiting : List.of(queued, busy)) {
                var answer = waiting.answer();
                assertEquals(503, answer.status(), answer.body());
                assertEquals("the server is stopping", api.error(answer.body()));
            }
            assertEquals(0, program.awaitEnd());
        }
        for (long pid : fake.pids()) Eventually.isTrue("gone", () -> !FakeCli.isAlive(pid));
        try (var program = sdk(fake);
                RawClient client = program.raw()) {
            String next = "play[start;text more;stop]";
            var answer = client.post("/s1" + api.path, api.body(next)).answer();
            assertEquals("more", api.text(answer.body()), answer.body());
            var session = Json.tree(client.get("/sessions").body()).path("data").path(0);
            // The question, what was said of its answer, and the second turn.
            assertEquals(4, session.path("messages").asInt(), session.toString());
        }
    }

    @Test
    void secondSignalEndsItAtOnceAndItsProcessesToo() throws Exception {
        var fake = new FakeCli(folder);
        try (var program = sdk(fake);
                RawClient stream = program.raw().post(Api.MESSAGES.path, stream(TALKS))) {
            stream.readUntil("word.");
            List<Long> pids = fake.pids();
            assertEquals(1, pids.size());
            program.signal("TERM");
            Eventually.isTrue("stopping", () -> program.logged("server stopping") == 1);
            long begun = System.nanoTime();
            program.signal("TERM");
            assertEquals(0, program.awaitEnd());
            Eventually.assertSoon(begun);
            assertThrows(IOException.class, () -> stream.readUntil("message_stop"));
            Eventually.isTrue("gone", () -> !FakeCli.isAlive(pids.getFirst()));
        }
    }

    private static String stream(String text) {
        return Api.MESSAGES.stream(text);
    }

    private Program sdk(FakeCli fake, String... more) throws IOException {
        var arguments = new ArrayList<>(List.of("--backend", "sdk", "--sdk-warm", "0"));
        arguments.addAll(List.of("--sdk-path", fake.program().toString()));
        arguments.addAll(List.of("--sdk-max-processes", "1"));
        arguments.addAll(List.of(more));
        return new Program(folder, JVM, arguments.toArray(String[]::new));
    }
}
