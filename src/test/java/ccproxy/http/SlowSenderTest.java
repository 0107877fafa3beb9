package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clients that take forever to ask. The JDK's server reads its limits once a JVM, hence a program
/// of its own, with a limit of a second.
class SlowSenderTest {
    private static Program program;

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        program =
                new Program(
                        folder,
                        List.of("-Dsun.net.httpserver.maxReqTime=1"),
                        "--backend",
                        "echo",
                        "--ping",
                        "200ms");
    }

    @AfterAll
    static void stop() {
        program.close();
    }

    @Test
    void headThatDribblesIsCutOff() throws IOException {
        try (RawClient client = program.raw()) {
            client.write("POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-slow: ");
            assertTrue(dribbleIsCutOff(client), "still connected");
        }
        lives();
    }

    @Test
    void headThatStopsIsCutOff() throws IOException {
        try (RawClient client = program.raw()) {
            client.write("POST /v1/messages HTTP/1.1\r\nHost");
            assertTrue(client.isClosedByServer());
        }
        lives();
    }

    @Test
    void bodyThatStopsIsCutOff() throws IOException {
        try (RawClient client = program.raw()) {
            client.write(
                    "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{");
            assertTrue(client.isClosedByServer());
        }
        lives();
    }

    @Test
    void manyOfThemKeepNobodyElseWaiting() throws IOException {
        var slow = new java.util.ArrayList<RawClient>();
        for (int i = 0; i < 300; i++) slow.add(program.raw().write("GET / HT"));
        long begun = System.nanoTime();
        lives();
        Eventually.assertSoon(begun);
        for (RawClient client : slow) client.close();
    }

    @Test
    void answerThatTakesLongerThanTheLimitIsNotCut() throws IOException {
        String script = "/echo {\"text\":\"a b c d e f\",\"delta_delay_ms\":400}";
        try (RawClient chat = program.raw();
                RawClient messages = program.raw();
                RawClient whole = program.raw()) {
            chat.post(Api.CHAT.path, Api.CHAT.stream(script));
            messages.post(Api.MESSAGES.path, Api.MESSAGES.stream(script));
            whole.post(Api.MESSAGES.path, Api.MESSAGES.body(script));
            assertTrue(Api.CHAT.isWhole(chat.answer().body()));
            assertTrue(Api.MESSAGES.isWhole(messages.answer().body()));
            assertEquals(200, whole.answer().status());
        }
    }

    private static boolean dribbleIsCutOff(RawClient client) {
        long until = System.nanoTime() + 8_000_000_000L;
        try {
            client.socket().setSoTimeout(50);
            while (System.nanoTime() < until) {
                client.write("x");
                if (client.isClosedByServer()) return true;
            }
            return false;
        } catch (IOException _) {
            return true;
        }
    }

    private static void lives() throws IOException {
        try (RawClient client = program.raw()) {
            client.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertEquals(200, client.answer().status());
        }
    }
}
