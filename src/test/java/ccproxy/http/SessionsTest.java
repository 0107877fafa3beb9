package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Conversations that the server remembers, as clients of both APIs see them.
class SessionsTest {
    private static final String SLOW = "/echo {\"delta_count\":2000,\"delta_delay_ms\":5}";
    private TestServer server;

    @BeforeEach
    void start() {
        server = new TestServer().busyWaitMillis(300).start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @EnumSource
    void turnsAreRemembered(Api api) {
        assertEquals(2, tokens(api, "/s1", "one two"));
        // The echo of the first turn and the second turn.
        assertEquals(2 + 2 + 3, tokens(api, "/s1", "three four five"));
        assertEquals(2 + 2 + 3 + 3 + 1, tokens(api, "/s1", "six"));
        assertEquals(6, server.session("s1").path("messages").asInt());
    }

    @ParameterizedTest
    @EnumSource
    void streamedTurnsAreRememberedToo(Api api) {
        String body = server.post("/s1" + api.path, api.stream("one two")).body();
        assertTrue(api.isWhole(body));
        assertEquals(2 + 2 + 1, tokens(api, "/s1", "three"));
    }

    @ParameterizedTest
    @EnumSource
    void withoutASessionNothingIsRemembered(Api api) {
        tokens(api, "", "one two");
        assertEquals(1, tokens(api, "", "three"));
        assertEquals("{\"data\":[]}", server.get("/sessions").body());
    }

    @Test
    void sessionIsOneForBothApisAndForBothNamesOfItsBackend() {
        tokens(Api.CHAT, "/s1", "one");
        assertEquals(3, tokens(Api.MESSAGES, "/s1", "two"));
        assertEquals(5, tokens(Api.CHAT, "/echo/s1", "three"));
        ObjectNode request = Api.MESSAGES.request("four", false);
        request.putObject("metadata").put("session_id", "s1");
        var answer = server.post("/v1/messages", request.toString());
        assertEquals(7, Api.MESSAGES.inputTokens(answer.body()));
    }

    @ParameterizedTest
    @EnumSource
    void wholeHistoryStartsTheSessionAnew(Api api) {
        tokens(api, "/s1", "one two three four five");
        ObjectNode request = api.request("a", false);
        request.withArray("messages").addObject().put("role", "assistant").put("content", "b");
        request.withArray("messages").addObject().put("role", "user").put("content", "c");
        var answer = server.post("/s1" + api.path, request.toString());
        assertEquals(3, api.inputTokens(answer.body()));
        assertEquals(5, tokens(api, "/s1", "d"));
    }

    @ParameterizedTest
    @EnumSource
    void failedTurnLeavesTheSessionAsItWas(Api api) {
        tokens(api, "/s1", "one");
        assertEquals(400, server.post("/s1" + api.path, "{").statusCode());
        var answer = server.post("/s1" + api.path, api.body("/echo {\"error\":{\"status\":529}}"));
        assertTrue(answer.statusCode() >= 500);
        assertEquals(3, tokens(api, "/s1", "two"));
    }

    @ParameterizedTest
    @EnumSource
    void secondTurnIsRefusedWhenTheFirstTakesTooLong(Api api) throws IOException {
        try (RawClient first = begun(api, "/s1")) {
            for (String body : new String[] {api.body("x"), api.stream("x")}) {
                var answer = server.post("/s1" + api.path, body);
                assertEquals(409, answer.statusCode());
                assertEquals("the session is busy with another request", api.error(answer.body()));
                assertEquals("1", answer.headers().firstValue("retry-after").orElse(""));
            }
            assertEquals("busy", server.session("s1").path("state").asString());
            // Another session does not wait.
            assertEquals(1, tokens(api, "/s2", "x"));
            server.post("/sessions/s1/interrupt", "");
            assertFalse(api.isWhole(first.answer().body()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void secondTurnWaitsAndThenRunsWithWhatTheFirstSaid(Api api) throws IOException {
        String slow = "/echo {\"text\":\"one two\",\"delta_delay_ms\":40}";
        try (RawClient first = server.raw().post("/s1" + api.path, api.stream(slow))) {
            first.readUntil("one ");
            CompletableFuture<HttpResponse<String>> second =
                    server.sendAsync("POST", "/s1" + api.path, api.body("three"));
            assertTrue(api.isWhole(first.readUntil(last(api))));
            int script = slow.split(" ").length;
            assertEquals(script + 2 + 1, api.inputTokens(second.join().body()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void manyTurnsAtOnceRunOneAfterTheOther(Api api) {
        try (var patient = new TestServer().start()) {
            var turns = new java.util.ArrayList<CompletableFuture<HttpResponse<String>>>();
            for (int i = 0; i < 20; i++)
                turns.add(patient.sendAsync("POST", "/s1" + api.path, api.body("word")));
            var tokens =
                    turns.stream().map(t -> api.inputTokens(t.join().body())).sorted().toList();
            // 1, 3, 5, …: each saw all before it, and none saw a half.
            for (int i = 0; i < 20; i++) assertEquals(2 * i + 1, tokens.get(i));
        }
    }

    @Test
    void sessionsAreListedWithWhatTheyHold() {
        tokens(Api.CHAT, "/s1", "one");
        tokens(Api.MESSAGES, "/s2", "two");
        JsonNode list = Json.tree(server.get("/sessions").body()).path("data");
        assertEquals(2, list.size());
        JsonNode session = server.session("s2");
        assertEquals("echo", session.path("backend").asString());
        assertEquals(Api.MODEL, session.path("model").asString());
        assertEquals("idle", session.path("state").asString());
        assertEquals(2, session.path("messages").asInt());
        assertTrue(session.path("bytes").asInt() > 50);
        assertTrue(session.path("created_at").asString().startsWith("20"));
        assertFalse(list.toString().contains("two"), "content does not belong here");
    }

    @Test
    void deletedSessionIsForgotten() {
        tokens(Api.CHAT, "/s1", "one");
        var answer = server.send("DELETE", "/sessions/s1", "");
        assertEquals(200, answer.statusCode());
        assertEquals("{\"id\":\"s1\",\"deleted\":true}", answer.body());
        assertEquals(1, tokens(Api.CHAT, "/s1", "two"));
        assertEquals(404, server.send("DELETE", "/sessions/s9", "").statusCode());
        String message = Api.CHAT.error(server.send("DELETE", "/sessions/s9", "").body());
        assertEquals("session: 's9' is not known", message);
    }

    @ParameterizedTest
    @EnumSource
    void interruptEndsTheTurnAndNotTheSession(Api api) throws IOException {
        try (RawClient first = begun(api, "/s1")) {
            first.readUntil("echo ");
            var answer = server.post("/sessions/s1/interrupt", "");
            assertEquals("{\"id\":\"s1\",\"interrupted\":true}", answer.body());
            // The end of the last chunk.
            String rest = first.readUntil("\r\n0\r\n");
            assertFalse(rest.contains(last(api)));
            assertTrue(rest.contains("the turn was interrupted"), rest);
        }
        Eventually.isTrue(
                "line",
                () ->
                        server.log().requestLines().stream()
                                .map(line -> line.path("error").asString(""))
                                .anyMatch("the turn was interrupted"::equals));
        Eventually.isTrue(
                "idle", () -> server.session("s1").path("state").asString().equals("idle"));
        assertTrue(tokens(api, "/s1", "x") > 3, "what was said is remembered");
        var idle = server.post("/sessions/s1/interrupt", "");
        assertEquals("{\"id\":\"s1\",\"interrupted\":false}", idle.body());
        assertEquals(404, server.post("/sessions/s9/interrupt", "").statusCode());
    }

    @ParameterizedTest
    @EnumSource
    void deleteEndsTheTurnThatRuns(Api api) throws IOException {
        try (RawClient first = begun(api, "/s1")) {
            assertEquals(200, server.send("DELETE", "/sessions/s1", "").statusCode());
            String body = first.answer().body();
            assertTrue(body.contains("the turn was interrupted"), body);
        }
        assertEquals(1, tokens(api, "/s1", "x"));
    }

    @ParameterizedTest
    @EnumSource
    void interruptOfAnAnswerWantedWholeIsAConflict(Api api) {
        var first = server.sendAsync("POST", "/s1" + api.path, api.body(SLOW));
        Eventually.isTrue(
                "busy", () -> server.session("s1").path("state").asString().equals("busy"));
        Eventually.isTrue(
                "interrupted",
                () -> {
                    server.post("/sessions/s1/interrupt", "");
                    return first.isDone();
                });
        assertEquals(409, first.join().statusCode());
        assertEquals("the turn was interrupted", api.error(first.join().body()));
        assertEquals("false", first.join().headers().firstValue("x-should-retry").orElse(""));
    }

    @ParameterizedTest
    @EnumSource
    void sessionGoesOnAfterAClientLeftInMidAnswer(Api api) throws IOException {
        try (var quick = new TestServer().pingMillis(100).start()) {
            RawClient first = quick.raw().post("/s1" + api.path, api.stream(SLOW));
            first.readUntil("echo ");
            first.close();
            Eventually.isTrue(
                    "idle", () -> quick.session("s1").path("state").asString().equals("idle"));
            var answer = quick.post("/s1" + api.path, api.body("next"));
            assertEquals(200, answer.statusCode());
            assertEquals(4, quick.session("s1").path("messages").asInt());
        }
    }

    @Test
    void clientsWithKeysOfTheirOwnSeeTheirOwnSessionsOnly() throws IOException {
        try (var upstream = FakeUpstream.of(c -> c.json(200, FakeUpstream.MESSAGE));
                var proxy = new TestServer().upstream(upstream.url()).start()) {
            String body = Api.MESSAGES.body("secret");
            proxy.post("/s1/v1/messages", body, "x-api-key", "alice");
            proxy.post("/s1/v1/messages", body, "x-api-key", "bob");
            String second = upstream.requests().get(1).body();
            assertEquals(1, Json.tree(second).path("messages").size());
            String seen = proxy.get("/sessions", "x-api-key", "alice").body();
            assertEquals(1, Json.tree(seen).path("data").size());
            String none = proxy.get("/sessions", "x-api-key", "eve").body();
            assertEquals("{\"data\":[]}", none);
            var denied = proxy.send("DELETE", "/sessions/s1", "", "x-api-key", "eve");
            assertEquals(404, denied.statusCode());
        }
    }

    /// A turn that talks for ten seconds and has said its first word.
    private RawClient begun(Api api, String session) throws IOException {
        RawClient client = server.raw().post(session + api.path, api.stream(SLOW));
        // Past the head, which answer() wants to read again.
        Eventually.isTrue(
                "busy",
                () -> server.session(session.substring(1)).path("state").asString().equals("busy"));
        return client;
    }

    private static String last(Api api) {
        return api == Api.CHAT ? "data: [DONE]\n\n" : "event: message_stop\n";
    }

    private int tokens(Api api, String session, String text) {
        var answer = server.post(session + api.path, api.body(text));
        assertEquals(200, answer.statusCode(), answer.body());
        return api.inputTokens(answer.body());
    }
}
