package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// A client that leaves stops what it asked for, whatever state its answer is in, within two pings.
class GoneClientTest {
    private static final long PING = 100;

    /// Two pings and two looks, and the rest for a machine where others have the processors.
    private static final long SOON = 3000;

    private FakeUpstream upstream;
    private TestServer server;

    /// How a client leaves: with a word, or without one.
    enum Way {
        CLOSE,
        RESET;

        void leave(RawClient client) throws IOException {
            if (this == CLOSE) client.close();
            else client.reset();
        }
    }

    /// Says what its prompt tells it to: nothing, a few words, or words without end.
    @BeforeEach
    void start() throws IOException {
        upstream =
                FakeUpstream.of(c -> {
                    String asked = question(c.request.body());
                    if (!asked.contains("nothing")) c.stream();
                    if (asked.contains("words")) {
                        c.chunk(FakeUpstream.START);
                        c.text("first");
                    }
                    while (asked.contains("endless") && !c.isLeftWithinMillis(5)) c.text("more ");
                    c.await();
                    if (asked.contains("nothing")) c.json(200, FakeUpstream.MESSAGE);
                    else c.chunk(FakeUpstream.END);
                });
        server = new TestServer().upstream(upstream.url()).pingMillis(PING).start();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        upstream.close();
    }

    @ParameterizedTest
    @CsvSource({"CHAT, CLOSE", "CHAT, RESET", "MESSAGES, CLOSE", "MESSAGES, RESET"})
    void beforeTheFirstEvent(Api api, Way way) throws Exception {
        RawClient client = server.raw().post(api.path, api.stream("nothing"));
        upstream.connection(0);
        way.leave(client);
        stops("");
    }

    @ParameterizedTest
    @CsvSource({"CHAT, CLOSE", "CHAT, RESET", "MESSAGES, CLOSE", "MESSAGES, RESET"})
    void inTheMiddleOfASilence(Api api, Way way) throws Exception {
        RawClient client = server.raw().post(api.path, api.stream("words"));
        client.readUntil("first");
        way.leave(client);
        stops("");
    }

    @ParameterizedTest
    @CsvSource({"CHAT, CLOSE", "CHAT, RESET", "MESSAGES, CLOSE", "MESSAGES, RESET"})
    void inTheMiddleOfATalk(Api api, Way way) throws Exception {
        RawClient client = server.raw().post(api.path, api.stream("endless words"));
        client.readUntil("more");
        way.leave(client);
        stops("");
    }

    @ParameterizedTest
    @CsvSource({"CHAT, CLOSE", "CHAT, RESET", "MESSAGES, CLOSE", "MESSAGES, RESET"})
    @EnabledOnOs(OS.LINUX)
    void whileItWaitsForAWholeAnswer(Api api, Way way) throws Exception {
        RawClient client = server.raw().post(api.path, api.body("nothing"));
        // The server knows by then how the kernel writes its connections.
        upstream.connection(0).isLeftWithinMillis(3 * PING);
        way.leave(client);
        stops("");
    }

    @ParameterizedTest
    @EnumSource
    @EnabledOnOs(OS.LINUX)
    void withoutAWordBeforeAnyoneLooked(Api api) throws Exception {
        RawClient first = server.raw().post(api.path, api.body("nothing"));
        // The server knows by then how the kernel writes its connections.
        upstream.connection(0).isLeftWithinMillis(3 * PING);
        RawClient client = server.raw().post(api.path, api.body("nothing"));
        client.reset();
        assertTrue(upstream.connection(1).isLeftWithinMillis(SOON), "still asking");
        upstream.connection(0).go();
        assertEquals(200, first.answer().status());
    }

    @ParameterizedTest
    @CsvSource({"CHAT, CLOSE", "CHAT, RESET", "MESSAGES, CLOSE", "MESSAGES, RESET"})
    @EnabledOnOs(OS.LINUX)
    void whileItsSessionIsBusyWithAnother(Api api, Way way) throws Exception {
        RawClient first = server.raw().post("/s1" + api.path, api.stream("words"));
        first.readUntil("first");
        RawClient second =
                server.raw().post("/s1" + api.path, api.stream("x"), "x-request-id", "queued-1");
        awaitServer(() -> server.log().text(), 2 * PING);
        way.leave(second);
        JsonNode line = server.log().requestLine("queued-1");
        assertEquals(499, line.path("status").asInt());
        // The first one is none the worse for it, and nobody asked for the second.
        upstream.connection(0).go();
        assertTrue(api.isWhole(first.readUntil(api == Api.CHAT ? "[DONE]\n\n" : "message_stop\n")));
        assertEquals(1, upstream.requests().size());
    }

    @ParameterizedTest
    @EnumSource
    void sessionOfAGoneClientGoesOn(Api api) throws Exception {
        RawClient client = server.raw().post("/s1" + api.path, api.stream("words"));
        client.readUntil("first");
        client.close();
        stops("s1");
        assertEquals("idle", server.session("s1").path("state").asString());
        RawClient next = server.raw().post("/s1" + api.path, api.body("nothing"));
        upstream.connection(1).go();
        assertEquals(200, next.answer().status());
        // What was said before the client left is a part of the conversation.
        String asked = upstream.requests().get(1).body();
        assertEquals(3, Json.tree(asked).path("messages").size(), asked);
        assertTrue(asked.contains("\"first\""), asked);
    }

    /// The kernel has a table for each family, and writes an IPv4 client of an IPv6 socket in its
    /// own way.
    @ParameterizedTest
    @CsvSource({"0.0.0.0, 127.0.0.1", "::1, ::1", "::, 127.0.0.1", "::, ::1"})
    @EnabledOnOs(OS.LINUX)
    void fromAnyKindOfAddress(String host, String address) throws Exception {
        try (var other =
                new TestServer().host(host).upstream(upstream.url()).pingMillis(PING).start()) {
            var client = new RawClient(address, other.port());
            client.post("/v1/messages", Api.MESSAGES.body("nothing"));
            assertFalse(upstream.connection(0).isLeftWithinMillis(4 * PING), "still there");
            client.reset();
            assertTrue(upstream.connection(0).isLeftWithinMillis(SOON), "still asking");
            assertEquals(499, other.log().requestLines(1).getFirst().path("status").asInt());
        }
    }

    @ParameterizedTest
    @EnumSource
    void clientThatOnlyClosesItsOwnSideIsGoneToo(Api api) throws Exception {
        RawClient client = server.raw().post(api.path, api.body("nothing"));
        upstream.connection(0);
        client.socket().shutdownOutput();
        if (System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux")) stops("");
        client.close();
    }

    /// The last thing said.
    private static String question(String body) {
        JsonNode messages = Json.tree(body).path("messages");
        return messages.get(messages.size() - 1).path("content").toString();
    }

    /// The upstream is left soon, and the log says why.
    private void stops(String session) throws InterruptedException {
        assertTrue(upstream.connection(0).isLeftWithinMillis(SOON), "still asking");
        JsonNode line = server.log().requestLines(1).getFirst();
        assertEquals(499, line.path("status").asInt());
        assertEquals("client left", line.path("error").asString());
        assertEquals(session, line.path("session_id").asString(""));
        assertEquals(1, server.log().requestLines().size());
    }

    private static void awaitServer(Runnable look, long millis) {
        long until = System.nanoTime() + millis * 1_000_000;
        Eventually.isTrue(
                "time",
                () -> {
                    look.run();
                    return System.nanoTime() > until;
                });
    }
}
