package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// Models, counted tokens and the page.
class ModelsTest {
    private static final String[] VERSION = {"anthropic-version", "2023-06-01"};
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
    void listHasTheShapeThatTheClientSpeaks() {
        JsonNode chat = Json.tree(server.get("/v1/models").body());
        assertEquals("list", chat.path("object").asString());
        assertEquals("model", chat.path("data").path(0).path("object").asString());
        assertTrue(chat.path("data").path(0).path("created").isIntegralNumber());

        JsonNode messages = Json.tree(server.get("/v1/models", VERSION).body());
        assertTrue(messages.path("has_more").isBoolean());
        assertEquals("model", messages.path("data").path(0).path("type").asString());
        assertTrue(messages.path("data").path(0).path("display_name").isString());
        assertFalse(messages.has("object"));
    }

    /// The name goes into headers, log and ledger.
    @ParameterizedTest
    @EnumSource
    void nameIsAsLongAsTheApiHasIt(Api api) {
        for (String path : new String[] {api.path, "/s1" + api.path}) {
            var answer = server.post(path, asking(api, 256));
            assertEquals(200, answer.statusCode(), answer.body());
            answer = server.post(path, asking(api, 257));
            assertEquals(400, answer.statusCode());
            assertEquals(
                    "model: expected at most 256 characters, found 257", api.error(answer.body()));
        }
    }

    private static String asking(Api api, int length) {
        return api.request("hello", false).put("model", "m".repeat(length)).toString();
    }

    @Test
    void bearerDoesNotDecideTheShape() {
        String body = server.get("/v1/models", "authorization", "Bearer x").body();
        assertEquals("list", Json.tree(body).path("object").asString());
        body = server.get("/v1/models", "x-api-key", "x").body();
        assertEquals("list", Json.tree(body).path("object").asString());
    }

    @Test
    void everyModelOfTheListCanBeLookedAtAndAsked() {
        JsonNode list = Json.tree(server.get("/v1/models").body()).path("data");
        assertFalse(list.isEmpty());
        for (JsonNode model : list) {
            String id = model.path("id").asString();
            var one = server.get("/v1/models/" + id);
            assertEquals(200, one.statusCode(), id);
            assertEquals(id, Json.tree(one.body()).path("id").asString());
            assertEquals("model", Json.tree(one.body()).path("object").asString());
            var asked = Api.CHAT.request("x", false).put("model", id).toString();
            assertEquals(200, server.post(Api.CHAT.path, asked).statusCode(), id);
        }
    }

    @Test
    void modelCanBeLookedAtInItsOwnShape() {
        JsonNode model = Json.tree(server.get("/v1/models/" + Api.MODEL, VERSION).body());
        assertEquals(Api.MODEL, model.path("id").asString());
        assertEquals("model", model.path("type").asString());
    }

    @Test
    void aliasIsAModel() {
        assertEquals(200, server.get("/v1/models/sonnet").statusCode());
        assertEquals(200, server.get("/v1/models/sonnet", VERSION).statusCode());
        JsonNode one = Json.tree(server.get("/v1/models/sonnet").body());
        assertEquals("sonnet", one.path("id").asString());
    }

    @Test
    void answerNamesTheModelAsItWasAskedFor() {
        for (String name : new String[] {"sonnet", "gpt-4o"}) {
            String body = Api.CHAT.request("x", false).put("model", name).toString();
            var answer = server.post(Api.CHAT.path, body);
            assertEquals(name, Json.tree(answer.body()).path("model").asString());
            String used = answer.headers().firstValue("x-ccproxy-model").orElse("");
            assertTrue(used.startsWith("claude-sonnet-"), used);
        }
    }

    @Test
    void unknownModelIsNotFoundInTheShapeThatTheClientSpeaks() {
        var chat = server.get("/v1/models/nobody");
        assertEquals(404, chat.statusCode());
        assertEquals("model: nobody is not known", Api.CHAT.error(chat.body()));
        assertTrue(chat.body().contains("\"code\":\"model_not_found\""), chat.body());
        var messages = server.get("/v1/models/nobody", VERSION);
        assertEquals(404, messages.statusCode());
        assertEquals("model: nobody is not known", Api.MESSAGES.error(messages.body()));
        assertTrue(messages.body().contains("\"not_found_error\""), messages.body());
    }

    @Test
    void listOfTheUpstreamIsPassedOnWithItsQuery() throws IOException {
        String list =
                "{\"data\":[{\"type\":\"model\",\"id\":\"claude-next\",\"display_name\":\"Next\",\"created_at\":\"2026-01-01T00:00:00Z\",\"new\":1}],\"has_more\":false,\"first_id\":\"a\",\"last_id\":\"a\"}";
        try (var upstream = FakeUpstream.of(c -> c.json(200, list));
                var proxy = new TestServer().upstream(upstream.url()).start()) {
            assertEquals(list, proxy.get("/v1/models?limit=7&after_id=x", VERSION).body());
            String head = upstream.requests().getFirst().head();
            assertTrue(head.startsWith("GET /v1/models?limit=7&after_id=x "), head);
            assertTrue(proxy.get("/v1/models").body().contains("claude-next"));
        }
    }

    @Test
    void tokensAreCounted() {
        var answer = server.post("/v1/messages/count_tokens", Api.MESSAGES.body("one two three"));
        assertEquals("{\"input_tokens\":3}", answer.body());
        assertEquals("echo", answer.headers().firstValue("x-ccproxy-backend").orElse(""));
        var wrong = server.post("/v1/messages/count_tokens", "{\"model\":\"x\"}");
        assertEquals(400, wrong.statusCode());
        assertTrue(Api.MESSAGES.error(wrong.body()).startsWith("messages: "));
    }

    @Test
    void countingNeedsNoLimitAndBelongsToNoSession() {
        var request = Api.MESSAGES.request("one two", false);
        request.remove("max_tokens");
        var answer = server.post("/s1/v1/messages/count_tokens", request.toString());
        assertEquals("{\"input_tokens\":2}", answer.body());
        assertEquals("{\"data\":[]}", server.get("/sessions").body());
    }

    @Test
    void pageLoadsNothingFromOutside() {
        var answer = server.get("/");
        var headers = answer.headers();
        assertEquals("text/html; charset=utf-8", headers.firstValue("content-type").orElse(""));
        String policy = headers.firstValue("content-security-policy").orElse("");
        assertTrue(policy.startsWith("default-src 'none'"), policy);
        assertEquals("nosniff", headers.firstValue("x-content-type-options").orElse(""));
        String page = answer.body();
        assertTrue(page.contains("1.2.3") && page.contains("/echo"), page);
        assertFalse(page.contains("{{"), page);
        assertFalse(page.matches("(?s).*(src|href)=\"(https?:)?//.*"), page);
    }
}
