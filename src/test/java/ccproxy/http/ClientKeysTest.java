package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// Several clients of one server, each with a key of its own.
class ClientKeysTest {
    private static final String TWO = "{\"alice\": \"alice-t\", \"bob\": {\"token\": \"bob-t\"}}";

    private final TestServer server = new TestServer();
    private Instant now = Instant.parse("2026-03-01T22:00:00Z");
    private final Quotas quotas = new Quotas(() -> now, () -> 0, Map.of());

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @EnumSource
    void everyKeyOpensAndIsNamedInTheLog(Api api) {
        server.keys(TWO).token("operator-t").start();
        for (String name : new String[] {"alice", "bob", "operator"}) {
            String id = "request-of-" + name;
            var answer = ask(api, "", name, "hi", "x-request-id", id);
            assertEquals(200, answer.statusCode());
            String logged = name.equals("operator") ? "default" : name;
            assertEquals(logged, server.log().requestLine(id).path("key").asString());
        }
        var wrong = ask(api, "", "eve", "hi", "x-request-id", "request-of-eve");
        assertEquals(401, wrong.statusCode());
        assertTrue(server.log().requestLine("request-of-eve").path("key").isNull());
        assertFalse(server.log().text().contains("-t\""), "a token in the log");
    }

    @ParameterizedTest
    @EnumSource
    void bearerIsAsGoodAndOneRightOneIsEnough(Api api) {
        server.keys(TWO).start();
        String body = api.body("hi");
        assertEquals(
                200, server.post(api.path, body, "authorization", "Bearer bob-t").statusCode());
        var both =
                server.post(api.path, body, "x-api-key", "wrong", "authorization", "Bearer bob-t");
        assertEquals(200, both.statusCode());
        assertEquals(401, server.post(api.path, body).statusCode());
    }

    @Test
    void logOfAnOpenServerNamesNoKey() {
        server.start();
        server.get("/v1/models", "x-api-key", "any", "x-request-id", "request-1");
        assertTrue(server.log().requestLine("request-1").path("key").isNull());
    }

    @ParameterizedTest
    @EnumSource
    void sessionsOfOneKeyAreNotThoseOfAnother(Api api) {
        server.keys(TWO).token("operator-t").start();
        assertEquals(1, tokens(api, "alice", "secret"));
        assertEquals(1, tokens(api, "bob", "hello"));
        assertEquals(3, tokens(api, "alice", "again"));
        for (String name : new String[] {"alice", "bob"}) {
            assertEquals(1, sessions(name).size());
            assertEquals(name, sessions(name).get(0).path("key").asString());
        }
        assertEquals(200, delete("bob", "s1"));
        assertEquals(5, tokens(api, "alice", "still"), "bob ended only his own");
    }

    @Test
    void operatorSeesAndEndsAllSessionsAndContinuesNone() {
        server.keys(TWO).token("operator-t").start();
        tokens(Api.MESSAGES, "alice", "secret");
        tokens(Api.MESSAGES, "bob", "hello");
        assertEquals(1, tokens(Api.MESSAGES, "operator", "mine"));
        assertEquals(3, sessions("operator").size());
        assertEquals(1, sessions("alice").size());
        assertEquals(200, delete("operator", "s1"));
        assertEquals(0, sessions("operator").size());
        assertEquals(1, tokens(Api.MESSAGES, "alice", "new"));
    }

    @Test
    void usageOfAllIsTheOperatorsToSee() {
        server.keys(TWO).token("operator-t").start();
        assertEquals(403, server.get("/usage", "x-api-key", "alice-t").statusCode());
        assertTrue(server.get("/usage", "x-api-key", "operator-t").statusCode() != 403);
    }

    @Test
    void metricsTellAClientOfItsOwnKeyOnly() {
        server.keys(TWO).token("operator-t").start();
        for (String name : new String[] {"alice", "bob"})
            assertEquals(200, ask(Api.MESSAGES, "", name, "hi").statusCode());
        Eventually.isTrue(
                "all are told to the operator",
                () -> {
                    String all = server.get("/metrics", "x-api-key", "operator-t").body();
                    return all.contains("key=\"alice\"") && all.contains("key=\"bob\"");
                });
        String own = server.get("/metrics", "x-api-key", "alice-t").body();
        assertTrue(own.contains("key=\"alice\""), own);
        assertFalse(own.contains("bob"), own);
        assertTrue(own.contains("ccproxy_http_requests_total"), own);
    }

    @ParameterizedTest
    @EnumSource
    void whatTheServerCannotCarryTakesNothingOffALimit(Api api) throws IOException {
        server.keys(
                        "{\"alice\": {\"token\": \"alice-t\", \"requests_per_minute\": 3}, \"bob\": \"bob-t\"}")
                .quotas(quotas)
                .streamsMax(1)
                .pingMillis(100)
                .start();
        String slow = "/echo {\"delta_count\":2000,\"delta_delay_ms\":5}";
        try (RawClient bob = server.raw()) {
            bob.post(api.path, api.stream(slow), "x-api-key", "bob-t").readUntil("echo ");
            int overloaded = api == Api.CHAT ? 503 : 529;
            for (int i = 0; i < 5; i++)
                assertEquals(overloaded, ask(api, "", "alice", "x").statusCode());
        }
        // The limit is whole: its first request leaves two.
        Eventually.isTrue(
                "a place is free",
                () ->
                        header(ask(api, "", "alice", "x"), "anthropic-ratelimit-requests-remaining")
                                .equals("2"));
    }

    @Test
    void interruptReachesOnlyOnesOwn() throws IOException {
        server.keys(TWO).start();
        String slow = "/echo {\"delta_count\":2000,\"delta_delay_ms\":5}";
        try (RawClient alice = server.raw()) {
            alice.post("/s1/v1/messages", Api.MESSAGES.stream(slow), "x-api-key", "alice-t");
            alice.readUntil("echo ");
            var other = server.post("/sessions/s1/interrupt", "", "x-api-key", "bob-t");
            assertEquals(404, other.statusCode());
            var own = server.post("/sessions/s1/interrupt", "", "x-api-key", "alice-t");
            assertEquals(200, own.statusCode());
            assertTrue(alice.readUntil("\r\n0\r\n").contains("the turn was interrupted"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void modelMustBeOneOfTheKeys(Api api) {
        server.keys(
                        "{\"alice\": {\"token\": \"alice-t\", \"models\": [\"sonnet\", \"claude-haiku-*\"]}}")
                .models("cheap=claude-haiku-4-5")
                .start();
        for (String good : new String[] {"sonnet", "claude-haiku-9", "cheap"})
            assertEquals(200, model(api, good).statusCode(), good);
        var answer = model(api, "claude-opus-9");
        assertEquals(403, answer.statusCode());
        String message = api.error(answer.body());
        assertEquals(
                "model: expected one that key 'alice' may use (sonnet, claude-haiku-*), found claude-opus-9",
                message);
        assertTrue(answer.body().contains("permission_error"));
        assertEquals(403, model(api, "opus").statusCode());
    }

    @Test
    void modelsThatAKeyMayNotAskAreNotListed() {
        server.keys(
                        "{\"alice\": {\"token\": \"alice-t\", \"models\": [\"sonnet\"]}, \"bob\": \"bob-t\"}")
                .start();
        String[] versions = {"anthropic-version", "2023-06-01"};
        for (String[] shape : new String[][] {versions, {"x-a", "b"}}) {
            var own = server.get("/v1/models", "x-api-key", "alice-t", shape[0], shape[1]);
            var all = server.get("/v1/models", "x-api-key", "bob-t", shape[0], shape[1]);
            assertTrue(own.body().contains("claude-sonnet-5-5"), own.body());
            assertFalse(own.body().matches(".*(opus|haiku|fable).*"), own.body());
            assertTrue(all.body().contains("opus"));
        }
        assertEquals(403, server.get("/v1/models/opus", "x-api-key", "alice-t").statusCode());
        assertEquals(200, server.get("/v1/models/sonnet", "x-api-key", "alice-t").statusCode());
    }

    @ParameterizedTest
    @EnumSource
    void backendMustBeOneOfTheKeys(Api api) {
        server.keys(
                        "{\"alice\": {\"token\": \"alice-t\", \"backends\": [\"api\", \"sdk\"]}, \"bob\": {\"token\": \"bob-t\", \"backends\": [\"echo\"]}}")
                .start();
        for (String prefix : new String[] {"", "/echo"}) {
            var answer = server.post(prefix + api.path, api.body("x"), "x-api-key", "alice-t");
            assertEquals(403, answer.statusCode());
            assertEquals(
                    "backend: expected one that key 'alice' may use (api, sdk), found echo",
                    api.error(answer.body()));
            var other = server.post(prefix + api.path, api.body("x"), "x-api-key", "bob-t");
            assertEquals(200, other.statusCode());
        }
        assertEquals(403, server.get("/echo/v1/models", "x-api-key", "alice-t").statusCode());
    }

    @ParameterizedTest
    @EnumSource
    void requestsBeyondTheLimitAreRefusedInTheWordsOfTheApi(Api api) {
        server.keys("{\"alice\": {\"token\": \"alice-t\", \"requests_per_minute\": 2}}")
                .quotas(quotas)
                .start();
        for (String left : new String[] {"1", "0"}) {
            var answer = ask(api, "", "alice", "hi");
            assertEquals(200, answer.statusCode());
            assertEquals(left, header(answer, "anthropic-ratelimit-requests-remaining"));
            String chat = header(answer, "x-ratelimit-remaining-requests");
            assertEquals(api == Api.CHAT ? left : "", chat);
        }
        var refused = ask(api, "", "alice", "hi");
        assertEquals(429, refused.statusCode());
        assertEquals(
                "key 'alice' may ask 2 times a minute: ask again in 30 s",
                api.error(refused.body()));
        assertTrue(refused.body().contains("\"rate_limit_error\""));
        assertEquals("30", header(refused, "retry-after"));
        assertEquals("0", header(refused, "anthropic-ratelimit-requests-remaining"));
        // What asks nobody costs nothing.
        assertEquals(200, server.get("/v1/models", "x-api-key", "alice-t").statusCode());
    }

    @Test
    void manyAtOnceLetNoMoreInThanTheLimit() {
        server.keys("{\"alice\": {\"token\": \"alice-t\", \"requests_per_minute\": 20}}")
                .quotas(quotas)
                .start();
        var answers = new ArrayList<CompletableFuture<HttpResponse<String>>>();
        for (int i = 0; i < 100; i++) {
            answers.add(
                    server.sendAsync(
                            "POST",
                            "/v1/messages",
                            Api.MESSAGES.body("x"),
                            "x-api-key",
                            "alice-t"));
        }
        var statuses = answers.stream().map(a -> a.join().statusCode()).toList();
        assertEquals(20, statuses.stream().filter(s -> s == 200).count());
        assertEquals(80, statuses.stream().filter(s -> s == 429).count());
    }

    @ParameterizedTest
    @EnumSource
    void tokensOfADayAreCountedAndThenRefused(Api api) {
        server.keys("{\"alice\": {\"token\": \"alice-t\", \"tokens_per_day\": 8}}")
                .quotas(quotas)
                .start();
        // Two words asked, two said.
        assertEquals(200, ask(api, "", "alice", "one two").statusCode());
        server.post(api.path, api.stream("one two"), "x-api-key", "alice-t");
        Eventually.isTrue("refused", () -> ask(api, "", "alice", "x").statusCode() == 429);
        var refused = ask(api, "", "alice", "x");
        assertEquals("7200", header(refused, "retry-after"));
        assertEquals("false", header(refused, "x-should-retry"));
        now = now.plusSeconds(7200);
        assertEquals(200, ask(api, "", "alice", "x").statusCode());
    }

    @Test
    void tokensOfAnAnswerThatWasLeftAreCountedToo() throws IOException {
        server.keys("{\"alice\": {\"token\": \"alice-t\", \"tokens_per_day\": 1}}")
                .quotas(quotas)
                .pingMillis(100)
                .start();
        String slow = "/echo {\"delta_count\":2000,\"delta_delay_ms\":5}";
        RawClient alice = server.raw();
        alice.post("/v1/messages", Api.MESSAGES.stream(slow), "x-api-key", "alice-t");
        alice.readUntil("echo ");
        // A running answer is not cut by those that others use up.
        assertTrue(alice.readUntil("content_block_delta").length() > 0);
        alice.close();
        Eventually.isTrue("used up", () -> ask(Api.CHAT, "", "alice", "x").statusCode() == 429);
    }

    @Test
    void countersOutliveTheConfiguration() {
        String key = "{\"alice\": {\"token\": \"%s\", \"requests_per_minute\": 1}}";
        server.keys(key.formatted("alice-t")).quotas(quotas).start();
        assertEquals(200, ask(Api.CHAT, "", "alice", "x").statusCode());
        // Another token, the same client.
        try (var next = new TestServer().keys(key.formatted("new")).quotas(quotas).start()) {
            var answer = next.post("/v1/messages", Api.MESSAGES.body("x"), "x-api-key", "new");
            assertEquals(429, answer.statusCode());
        }
    }

    @Test
    void clientsKeyNeverGoesUpstream() throws IOException {
        try (var upstream = FakeUpstream.of(c -> c.json(200, FakeUpstream.MESSAGE))) {
            server.keys(TWO).upstream(upstream.url()).apiKey("sk-ant-api-upstream").start();
            ask(Api.MESSAGES, "", "alice", "hi");
            ask(Api.CHAT, "", "bob", "hi");
            for (var request : upstream.requests()) {
                assertFalse(request.head().matches("(?s).*(alice|bob)-t.*"), request.head());
                assertEquals("sk-ant-api-upstream", request.header("x-api-key"));
            }
        }
    }

    private HttpResponse<String> model(Api api, String model) {
        String body = api.request("x", false).put("model", model).toString();
        return server.post(api.path, body, "x-api-key", "alice-t");
    }

    private int tokens(Api api, String name, String text) {
        var answer = ask(api, "/s1", name, text);
        assertEquals(200, answer.statusCode(), answer.body());
        return api.inputTokens(answer.body());
    }

    private HttpResponse<String> ask(
            Api api, String session, String name, String text, String... more) {
        var headers = new ArrayList<>(List.of("x-api-key", name + "-t"));
        headers.addAll(List.of(more));
        return server.post(session + api.path, api.body(text), headers.toArray(String[]::new));
    }

    private JsonNode sessions(String name) {
        return Json.tree(server.get("/sessions", "x-api-key", name + "-t").body()).path("data");
    }

    private int delete(String name, String id) {
        return server.send("DELETE", "/sessions/" + id, "", "x-api-key", name + "-t").statusCode();
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }
}
