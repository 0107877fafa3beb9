package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class ResponseHeadersTest {
    private TestServer server;

    @BeforeEach
    void start() {
        server = new TestServer().models("alias=claude-sonnet-5").start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void everyResponseHasARequestIdOfItsOwn() {
        for (String path : new String[] {"/", "/health", "/v1/models", "/nothing", "/v1/messages"})
            assertTrue(header(server.get(path), "x-request-id").matches("req_[0-9a-f]{32}"), path);
        assertNotEquals(
                header(server.get("/"), "x-request-id"), header(server.get("/"), "x-request-id"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"12345678", "a.B-c_9.z", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"})
    void usableRequestIdOfTheClientIsKept(String id) {
        for (Api api : Api.values()) {
            var answer = server.post(api.path, api.body("x"), "x-request-id", id);
            assertEquals(id, header(answer, "x-request-id"));
        }
        assertEquals(id, server.log().requestLine(id).path("request_id").asString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"short", "with space 123", "semi;colon;123", "\"quoted\"1234"})
    void otherRequestIdIsReplaced(String id) {
        assertTrue(header(server.get("/", "x-request-id", id), "x-request-id").startsWith("req_"));
        String tooLong = "x".repeat(65);
        var answer = server.get("/", "x-request-id", tooLong);
        assertTrue(header(answer, "x-request-id").startsWith("req_"));
    }

    @Test
    void requestIdCannotBringAHeaderOfItsOwn() throws IOException {
        try (RawClient client = server.raw()) {
            client.write(
                    "GET / HTTP/1.1\r\nHost: localhost\r\nx-request-id: 12345678\n evil: 1\r\n\r\n");
            assertFalse(client.answer().headers().containsKey("evil"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void errorsOfTheMessagesApiNameTheRequest(Api api) {
        var answer = server.post(api.path, "{}", "x-request-id", "my-request");
        assertEquals("my-request", header(answer, "x-request-id"));
        if (api == Api.MESSAGES)
            assertTrue(answer.body().contains("\"request_id\":\"my-request\""));
    }

    @ParameterizedTest
    @EnumSource
    void answersSayWhoMadeThem(Api api) {
        ObjectNode request = api.request("x", false).put("model", "alias");
        var answer = server.post("/s1" + api.path, request.toString());
        assertEquals("echo", header(answer, "x-ccproxy-backend"));
        assertEquals("claude-sonnet-5", header(answer, "x-ccproxy-model"));
        assertEquals("s1", header(answer, "x-ccproxy-session"));
        assertEquals("application/json", header(answer, "content-type"));
        request.put("stream", true);
        answer = server.post("/s1" + api.path, request.toString());
        assertEquals("claude-sonnet-5", header(answer, "x-ccproxy-model"));
        assertEquals("s1", header(answer, "x-ccproxy-session"));
    }

    @ParameterizedTest
    @EnumSource
    void streamsHaveTheirThreeHeaders(Api api) {
        var answer = server.post(api.path, api.stream("x"));
        assertEquals("text/event-stream; charset=utf-8", header(answer, "content-type"));
        assertEquals("no-cache", header(answer, "cache-control"));
        assertEquals("no", header(answer, "x-accel-buffering"));
    }

    @ParameterizedTest
    @EnumSource
    void modelsNameCannotBringAHeaderOfItsOwn(Api api) throws IOException {
        String model = "x\r\nevil: 1\r\n\r\nHTTP/1.1 200 OK\u0000\u0085\u2028é😀";
        String body = api.request("hello", false).put("model", model).toString();
        try (RawClient client = server.raw()) {
            var answer = client.post(api.path, body).answer();
            assertEquals(200, answer.status());
            assertFalse(answer.headers().containsKey("evil"), answer.headers().toString());
            assertTrue(answer.header("x-ccproxy-model").matches("[ -~]+"));
            assertTrue(answer.body().startsWith("{"));
            // Nothing is left over on the connection.
            client.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertEquals(200, client.answer().status());
        }
    }

    @Test
    void fieldsNameCannotMakeAHeaderThatNoClientReads() {
        ObjectNode request = Api.CHAT.request("x", false).put("f".repeat(40_000), 1);
        var answer = server.post(Api.CHAT.path, request.toString());
        assertEquals(200, answer.statusCode());
        int header = header(answer, "x-ccproxy-warnings").length();
        assertTrue(header > 0 && header <= 2000, "header of " + header);
        int line = server.log().requestLines(1).getFirst().toString().length();
        assertTrue(line < 32_000, "log line of " + line);
    }

    @Test
    void whatWasDroppedIsNamed() {
        ObjectNode request = Api.CHAT.request("x", false);
        request.put("foo", 1).put("seed", 7).put("presence_penalty", 0.5);
        var answer = server.post(Api.CHAT.path, request.toString());
        assertEquals(200, answer.statusCode());
        String warnings = header(answer, "x-ccproxy-warnings");
        for (String field : new String[] {"foo=", "seed=", "presence_penalty="})
            assertTrue(warnings.contains(field), warnings);
        answer = server.post(Api.CHAT.path, request.put("stream", true).toString());
        assertEquals(warnings, header(answer, "x-ccproxy-warnings"));
    }

    @Test
    void nothingDroppedIsNoHeader() {
        for (Api api : Api.values()) {
            var answer = server.post(api.path, api.body("x"));
            assertEquals("", header(answer, "x-ccproxy-warnings"));
        }
    }

    @Test
    void strictServerRefusesWhatItWouldDrop() {
        try (var strict = new TestServer().strict().start()) {
            ObjectNode request = Api.CHAT.request("x", false).put("presence_penalty", 0.5);
            var answer = strict.post(Api.CHAT.path, request.toString());
            assertEquals(400, answer.statusCode());
            String message = Api.CHAT.error(answer.body());
            assertTrue(message.startsWith("presence_penalty: "), message);
            assertTrue(answer.body().contains("\"param\":\"presence_penalty\""), answer.body());
            assertEquals(200, strict.post(Api.CHAT.path, Api.CHAT.body("x")).statusCode());
        }
    }

    @Test
    void samplingThatOnlyTheNamedModelTakesIsDroppedForTheRealOneOrRefused() {
        String rules = "mine=claude-opus-5-5";
        ObjectNode request =
                Api.MESSAGES.request("x", false).put("model", "mine").put("temperature", 0.2);
        try (var lenient = new TestServer().models(rules).start();
                var strict = new TestServer().models(rules).strict().start()) {
            var answer = lenient.post(Api.MESSAGES.path, request.toString());
            assertEquals(200, answer.statusCode());
            assertEquals("temperature=dropped", header(answer, "x-ccproxy-warnings"));
            var refused = strict.post(Api.MESSAGES.path, request.toString());
            assertEquals(400, refused.statusCode());
            String message = Api.MESSAGES.error(refused.body());
            assertTrue(message.startsWith("temperature: "), message);
        }
    }

    @Test
    void fieldsNameCannotBringAHeaderOfItsOwn() {
        ObjectNode request = Api.CHAT.request("x", false).put("a\r\nevil: 1", 1);
        for (int i = 0; i < 500; i++) request.put("field" + i, i);
        var answer = server.post(Api.CHAT.path, request.toString());
        assertEquals(200, answer.statusCode());
        assertEquals("", header(answer, "evil"));
        assertTrue(header(answer, "x-ccproxy-warnings").length() <= 2000);
    }

    @ParameterizedTest
    @EnumSource
    void upstreamsHeadersArePassedOn(Api api) throws IOException {
        String[] headers = {
            "request-id", "req_up",
            "anthropic-ratelimit-requests-limit", "50",
            "anthropic-organization-id", "org",
            "retry-after", "7",
            "set-cookie", "a=b",
            "server", "cloudflare",
            "x-request-id", "theirs-not-ours"
        };
        try (var upstream =
                        FakeUpstream.of(c -> {
                            if (c.request.body().contains("fail")) {
                                c.json(429, LIMITED, headers);
                            } else if (c.request.body().contains("\"stream\":true")) {
                                c.stream(headers);
                                c.chunk(FakeUpstream.START + FakeUpstream.END);
                            } else c.json(200, FakeUpstream.MESSAGE, headers);
                        });
                var proxy = new TestServer().upstream(upstream.url()).start()) {
            for (String body : new String[] {api.body("x"), api.stream("x"), api.body("fail")}) {
                var answer = proxy.post(api.path, body);
                assertEquals(body.contains("fail") ? 429 : 200, answer.statusCode());
                assertEquals("req_up", header(answer, "request-id"));
                assertEquals("50", header(answer, "anthropic-ratelimit-requests-limit"));
                assertEquals("7", header(answer, "retry-after"));
                assertEquals("", header(answer, "set-cookie"));
                assertEquals("", header(answer, "server"));
                assertTrue(header(answer, "x-request-id").startsWith("req_"));
                if (api == Api.CHAT)
                    assertEquals("50", header(answer, "x-ratelimit-limit-requests"));
            }
        }
    }

    private static final String LIMITED =
            "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow down\"},\"request_id\":\"req_up\"}";

    private static String header(HttpResponse<?> answer, String name) {
        return String.join(", ", answer.headers().allValues(name));
    }
}
