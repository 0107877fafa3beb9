package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every row of the contract's table of routes, and what is no row of it.
class RoutesTest {
    private TestServer server;

    @BeforeEach
    void start() {
        server = new TestServer().start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/echo", "/my-chat.1_", "/echo/my-chat.1_"})
    void bothApisAnswerBareAndWithPrefixAndWithSession(String prefix) {
        for (Api api : Api.values()) {
            HttpResponse<String> answer = server.post(prefix + api.path, api.body("hello there"));
            assertEquals(200, answer.statusCode(), answer.body());
            assertEquals("hello there", api.text(answer.body()).strip());
            String session = prefix.contains("my-chat") ? "my-chat.1_" : "";
            var headers = answer.headers();
            assertEquals("echo", headers.firstValue("x-ccproxy-backend").orElse(""));
            assertEquals(session, headers.firstValue("x-ccproxy-session").orElse(""));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/echo", "/s1", "/echo/s1"})
    void tokensAreCountedAndModelsListedUnderEveryPrefix(String prefix) {
        var count = server.post(prefix + "/v1/messages/count_tokens", Api.MESSAGES.body("a b c"));
        assertEquals("{\"input_tokens\":3}", count.body());
        assertEquals(200, server.get(prefix + "/v1/models").statusCode());
        assertEquals(200, server.get(prefix + "/v1/models/" + Api.MODEL).statusCode());
    }

    @ParameterizedTest
    @EnumSource
    void apiPrefixGoesToTheUpstream(Api api) {
        // Nobody listens there.
        var answer = server.post("/api" + api.path, api.body("hello"));
        assertEquals(502, answer.statusCode());
        assertEquals(
                "the upstream cannot be reached: Connection refused", api.error(answer.body()));
        assertEquals("api", answer.headers().firstValue("x-ccproxy-backend").orElse(""));
    }

    @ParameterizedTest
    @EnumSource
    void cliThatIsNotThereIsUnavailableInTheApisShape(Api api) {
        for (String path : new String[] {"/sdk" + api.path, "/sdk/s1" + api.path}) {
            var answer = server.post(path, api.body("hello"));
            assertEquals(503, answer.statusCode());
            assertTrue(api.error(answer.body()).contains("npm install -g @anthropic-ai"));
        }
        assertEquals(503, server.get("/sdk/v1/models").statusCode());
    }

    @Test
    void rowsBesideTheApisAnswer() {
        for (String path : new String[] {"/", "/health", "/health/live", "/health/ready"})
            assertEquals(200, server.get(path).statusCode(), path);
        assertEquals("{\"data\":[]}", server.get("/sessions").body());
        assertEquals(404, server.send("DELETE", "/sessions/none", "").statusCode());
        assertEquals(404, server.post("/sessions/none/interrupt", "").statusCode());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/nothing",
                "/v1",
                "/v1/",
                "/v1/messagesX",
                "/v1/messages/",
                "/v1/chat/completions/x",
                "/v1//messages",
                "/a/b/v1/messages",
                "/V1/messages",
                "/sessions/",
                "/sessions/a/b",
                "/health/",
                "/healthy",
                "/v1/models/",
                "/v1/messages%2f",
                "/../v1/messages/x"
            })
    void unknownPathIsNotFoundInTheShapeOfItsApi(String path) throws IOException {
        try (RawClient client = server.raw()) {
            client.write("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            var answer = client.answer();
            assertEquals(404, answer.status());
            Api api = path.contains("/v1/messages") ? Api.MESSAGES : Api.CHAT;
            assertEquals("path: there is nothing at this path", api.error(answer.body()));
        }
    }

    @Test
    void unknownPathOfNeitherApiGoesByWhatTheClientSpeaks() {
        Api.MESSAGES.error(server.get("/nothing", "anthropic-version", "2023-06-01").body());
        Api.CHAT.error(server.get("/nothing").body());
    }

    @ParameterizedTest
    @CsvSource({
        "GET,    /v1/chat/completions,      'POST, OPTIONS',      CHAT",
        "PUT,    /echo/v1/chat/completions, 'POST, OPTIONS',      CHAT",
        "DELETE, /s1/v1/messages,           'POST, OPTIONS',      MESSAGES",
        "GET,    /v1/messages/count_tokens, 'POST, OPTIONS',      MESSAGES",
        "POST,   /v1/models,                'GET, HEAD, OPTIONS', CHAT",
        "PATCH,  /v1/models/x,              'GET, HEAD, OPTIONS', CHAT",
        "POST,   /health,                   'GET, HEAD, OPTIONS', CHAT",
        "DELETE, /health/live,              'GET, HEAD, OPTIONS', CHAT",
        "PUT,    /health/ready,             'GET, HEAD, OPTIONS', CHAT",
        "POST,   /sessions,                 'GET, HEAD, OPTIONS', CHAT",
        "GET,    /sessions/x,               'DELETE, OPTIONS',    CHAT",
        "GET,    /sessions/x/interrupt,     'POST, OPTIONS',      CHAT",
        "POST,   /,                         'GET, HEAD, OPTIONS', CHAT",
        "BREW,   /v1/messages,              'POST, OPTIONS',      MESSAGES"
    })
    void wrongMethodNamesTheRightOnes(String method, String path, String allow, Api api) {
        var answer = server.send(method, path, "");
        assertEquals(405, answer.statusCode());
        assertEquals(allow, answer.headers().firstValue("allow").orElse(""));
        String message = api.error(answer.body());
        assertEquals("method: expected " + allow + ", found " + method, message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/health", "/v1/models", "/sessions"})
    void headIsGetWithoutItsBody(String path) throws IOException {
        try (RawClient client = server.raw()) {
            client.write("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            var head = client.answer(true);
            // On the same connection: a body sent by mistake would be read as the next response.
            client.write("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            var whole = client.answer();
            assertEquals(200, head.status());
            assertEquals(whole.header("content-length"), head.header("content-length"));
            assertEquals(whole.header("content-type"), head.header("content-type"));
            assertFalse(whole.body().isEmpty());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/messages", "/v1/chat/completions", "/nothing"})
    void headOfWhatIsNoGetIsAnErrorWithoutItsBody(String path) throws IOException {
        try (RawClient client = server.raw()) {
            client.write("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertEquals(path.equals("/nothing") ? 404 : 405, client.answer(true).status());
            client.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertEquals(200, client.answer().status());
        }
    }

    @Test
    void optionsNamesTheMethods() throws IOException {
        try (RawClient client = server.raw()) {
            client.write("OPTIONS /v1/messages HTTP/1.1\r\nHost: localhost\r\n\r\n");
            var answer = client.answer();
            assertEquals(204, answer.status());
            assertEquals("POST, OPTIONS", answer.header("allow"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void oldClientGetsAWholeAnswerAndTheEndOfTheConnection(Api api) throws IOException {
        String body = api.body("hello");
        try (RawClient client = server.raw()) {
            client.write(
                    "POST %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s"
                            .formatted(api.path, body.length(), body));
            assertTrue(client.readAll().contains("hello"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void oldClientGetsAStreamWithoutChunks(Api api) throws IOException {
        String body = api.stream("one two three");
        try (RawClient client = server.raw()) {
            client.write(
                    "POST %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s"
                            .formatted(api.path, body.length(), body));
            String answer = client.readAll();
            assertFalse(answer.toLowerCase().contains("transfer-encoding"), answer);
            String stream = answer.substring(answer.indexOf("\r\n\r\n") + 4);
            assertTrue(stream.startsWith(api == Api.CHAT ? "data: " : "event: "), stream);
            assertEquals("one two three", api.streamedText(stream));
            assertTrue(api.isWhole(stream), stream);
        }
    }

    @Test
    void absoluteTargetIsTakenByItsPath() throws IOException {
        try (RawClient client = server.raw()) {
            client.write("GET http://elsewhere/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertEquals(200, client.answer().status());
        }
    }

    @Test
    void targetThatIsNoPathIsRefusedAndTheServerLivesOn() throws IOException {
        try (RawClient client = server.raw()) {
            client.write("GET mailto:somebody HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertTrue(client.readAll().matches("(?s)(HTTP/1.1 4.*|)"));
        }
        assertEquals(200, server.get("/health").statusCode());
    }

    @Test
    void queryIsNoPartOfThePath() {
        var answer = server.post("/v1/messages?beta=true", Api.MESSAGES.body("hello"));
        assertEquals(200, answer.statusCode());
        assertEquals(200, server.get("/v1/models?limit=5&x=/v1/messages").statusCode());
    }

    @Test
    void charactersOfAModelsNameMayBeEncoded() {
        var answer = server.get("/v1/models/claude%2Dsonnet-5");
        assertEquals("claude-sonnet-5", Json.tree(answer.body()).path("id").asString());
    }
}
