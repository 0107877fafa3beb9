package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// One line a request, with every field of the contract, and nothing that was said.
class RequestLogTest {
    private static final List<String> FIELDS =
            List.of(
                    "time level msg request_id client key method route status duration_ms first_token_ms backend model session_id stream input_tokens output_tokens cache_read_tokens cache_creation_tokens cost_usd stop_reason error"
                            .split(" "));

    private TestServer server;

    @BeforeEach
    void start() {
        server = new TestServer().pingMillis(100).start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @EnumSource
    void answerIsOneLineWithEveryField(Api api) {
        for (String body : new String[] {api.body("one two"), api.stream("one two")}) {
            String id = "line-" + (body.contains("\"stream\"") ? "stream" : "whole");
            server.post("/s1" + api.path, body, "x-request-id", id);
            JsonNode line = server.log().requestLine(id);
            assertEquals(FIELDS, List.copyOf(line.propertyNames()));
            assertEquals("info", line.path("level").asString());
            assertEquals("127.0.0.1", line.path("client").asString());
            assertEquals("POST", line.path("method").asString());
            assertEquals("/{session_id}" + api.path, line.path("route").asString());
            assertEquals(200, line.path("status").asInt());
            assertTrue(line.path("duration_ms").isNumber());
            assertTrue(line.path("first_token_ms").isNumber());
            assertEquals("echo", line.path("backend").asString());
            assertEquals(Api.MODEL, line.path("model").asString());
            assertEquals("s1", line.path("session_id").asString());
            assertEquals(id.endsWith("stream"), line.path("stream").asBoolean());
            assertEquals(2, line.path("output_tokens").asInt());
            assertEquals(0, line.path("cache_read_tokens").asInt());
            assertEquals("end_turn", line.path("stop_reason").asString());
            assertTrue(line.path("error").isNull());
        }
    }

    @Test
    void countsOfTheCacheAreLogged() {
        String script =
                "/echo {\"text\":\"x\",\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":1733,\"cache_creation_input_tokens\":512,\"output_tokens\":5}}";
        server.post("/v1/messages", Api.MESSAGES.stream(script));
        JsonNode line = server.log().requestLines(1).getFirst();
        assertEquals(10, line.path("input_tokens").asInt());
        assertEquals(1733, line.path("cache_read_tokens").asInt());
        assertEquals(512, line.path("cache_creation_tokens").asInt());
        assertEquals(5, line.path("output_tokens").asInt());
    }

    @ParameterizedTest
    @CsvSource({
        "GET,    /nothing,            404, unknown",
        "GET,    /v1/messages,        405, /v1/messages",
        "POST,   /v1/messages,        400, /v1/messages",
        "POST,   /a%20b/v1/messages,  400, /{session_id}/v1/messages",
        "POST,   /echo/s1/v1/chat/completions, 400, /echo/{session_id}/v1/chat/completions",
        "GET,    /health,             200, /health",
        "GET,    /,                   200, /",
        "GET,    /v1/models/some-one, 404, /v1/models/{id}",
        "GET,    /sdk/v1/models,      503, /sdk/v1/models",
        "DELETE, /sessions/some-one,  404, /sessions/{id}",
        "POST,   /sessions/s/interrupt, 404, /sessions/{id}/interrupt",
        "OPTIONS, /v1/models,         204, /v1/models"
    })
    void everyOtherRequestIsOneLineToo(String method, String path, int status, String route) {
        server.send(method, path, "", "x-request-id", "some-request");
        JsonNode line = server.log().requestLine("some-request");
        assertEquals(FIELDS, List.copyOf(line.propertyNames()));
        assertEquals(status, line.path("status").asInt());
        assertEquals(route, line.path("route").asString());
        assertEquals(method, line.path("method").asString());
        assertEquals(status >= 400, line.path("error").isString());
        assertTrue(line.path("first_token_ms").isNull());
        assertEquals(1, server.log().requestLines().size());
    }

    @Test
    void refusedRequestIsOneLine() {
        try (var guarded = new TestServer().token("s3cret-t0ken").start()) {
            guarded.get("/v1/models");
            JsonNode line = guarded.log().requestLines(1).getFirst();
            assertEquals(401, line.path("status").asInt());
            assertTrue(line.path("error").asString().startsWith("authentication: "));
        }
    }

    @ParameterizedTest
    @EnumSource
    void lineComesWhenTheStreamEndsAndNotBefore(Api api) throws IOException {
        String script = "/echo {\"text\":\"one two\",\"delta_delay_ms\":150}";
        try (RawClient client = server.raw().post(api.path, api.stream(script))) {
            client.readUntil("one ");
            assertEquals(List.of(), server.log().requestLines());
            client.readUntil("two");
        }
        JsonNode line = server.log().requestLines(1).getFirst();
        assertTrue(line.path("duration_ms").asDouble() >= 300, line.toString());
        double first = line.path("first_token_ms").asDouble();
        assertTrue(first >= 150 && first < line.path("duration_ms").asDouble(), line.toString());
    }

    @ParameterizedTest
    @EnumSource
    void nothingThatWasSaidAndNoSecretIsEverLogged(Api api) throws IOException {
        String token = "t0ken-of-this-server-XYZZY";
        String key = "sk-ant-api03-KEYXYZZY";
        String said = "prompt-XYZZY";
        String leaked =
                "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"bad\"}}";
        try (var upstream =
                        FakeUpstream.of(c -> {
                            String asked = c.request.body();
                            if (asked.contains("fail")) {
                                c.json(400, leaked);
                            } else if (asked.contains("\"stream\":true")) {
                                c.stream();
                                c.chunk(FakeUpstream.START);
                                c.text("answer-XYZZY");
                                if (!asked.contains("cut")) c.chunk(FakeUpstream.END);
                            } else {
                                c.json(200, FakeUpstream.MESSAGE.replace("Good", "XYZZY"));
                            }
                        });
                var guarded =
                        new TestServer()
                                .upstream(upstream.url())
                                .token(token)
                                .apiKey(key)
                                .pingMillis(100)
                                .start()) {
            String[] good = {"x-api-key", token};
            String[] bearer = {"authorization", "Bearer " + token, "cookie", "c=XYZZY"};
            int sent = 0;
            for (String[] headers : new String[][] {good, bearer, {"x-api-key", "wrong-XYZZY"}}) {
                for (String text : new String[] {said, said + " fail", said + " cut"}) {
                    guarded.post("/s1" + api.path, api.body(text), headers);
                    guarded.post(api.path, api.stream(text), headers);
                    sent += 2;
                }
                ObjectNode wrong = api.request(said, false).put("max_tokens", "five");
                guarded.post(api.path, wrong.toString(), headers);
                guarded.post(api.path, "{\"model\":\"" + said, headers);
                guarded.post(api.path + "?beta=true", api.body(said), headers);
                guarded.get("/nothing", headers);
                guarded.get("/v1/models?api_key=XYZZY", headers);
                sent += 5;
            }
            assertEquals(sent, guarded.log().requestLines(sent).size());
            assertFalse(guarded.log().text().contains("XYZZY"), guarded.log().text());
        }
    }
}
