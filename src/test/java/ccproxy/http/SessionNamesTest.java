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
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/// What a session may be called, in the path and in `metadata.session_id`.
class SessionNamesTest {
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
    void nameOfOneAndOf128CharactersIsGood() {
        for (String id : new String[] {"a", "Z", "7", ".", "_", "-", "x".repeat(128)}) {
            for (Api api : Api.values()) {
                var answer = server.post("/" + id + api.path, api.body("hello"));
                assertEquals(200, answer.statusCode(), id);
            }
            assertEquals(200, server.post("/v1/messages", named(id)).statusCode(), id);
        }
    }

    @Test
    void nameOf129CharactersIsNot() throws IOException {
        refuses("x".repeat(129));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a%20b", "a+b", "a:b", "a~b", "a@b", "%41", "a,b", "a;b=c"})
    void nameWithAnotherCharacterIsNot(String id) throws IOException {
        refuses(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sdk", "api", "echo", "v1", "health", "metrics", "sessions"})
    void reservedWordBehindAPrefixIsNot(String id) throws IOException {
        for (Api api : Api.values()) {
            String message = refused(api, "/echo/" + id + api.path, api.body("hello"));
            assertTrue(message.contains("found \"" + id + "\""), message);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sdk", "v1", "health", "a b", "é", "a/b", "a\u0000b", "../x"})
    void nameInTheBodyKeepsTheSameRules(String id) {
        var answer = server.post("/v1/messages", named(id));
        assertEquals(400, answer.statusCode());
        String message = Api.MESSAGES.error(answer.body());
        assertTrue(message.startsWith("metadata.session_id: expected 1 to 128 of"), message);
    }

    @Test
    void longNameIsNotSaidBackWhole() {
        var answer = server.post("/v1/messages", named("x".repeat(1_000_000)));
        assertEquals(400, answer.statusCode());
        assertTrue(answer.body().length() < 500, () -> answer.body().length() + " characters");
    }

    @Test
    void nameInTheBodyIsTheSession() {
        var answer = server.post("/v1/messages", named("from-body"));
        assertEquals("from-body", answer.headers().firstValue("x-ccproxy-session").orElse(""));
        assertEquals(2, server.session("from-body").path("messages").asInt());
    }

    @Test
    void emptyNameInTheBodyIsNoSession() {
        var answer = server.post("/v1/messages", named(""));
        assertEquals(200, answer.statusCode());
        assertTrue(answer.headers().firstValue("x-ccproxy-session").isEmpty());
    }

    @Test
    void nameInTheBodyThatIsNoStringIsRefused() {
        ObjectNode request = Api.MESSAGES.request("hello", false);
        request.putObject("metadata").put("session_id", 5);
        var answer = server.post("/v1/messages", request.toString());
        assertEquals(400, answer.statusCode());
        String message = Api.MESSAGES.error(answer.body());
        assertEquals("metadata.session_id: expected a string, found an integer", message);
    }

    @Test
    void sameNameTwiceIsOneSessionAndTwoNamesAreAConflict() {
        assertEquals(200, server.post("/same/v1/messages", named("same")).statusCode());
        var answer = server.post("/one/v1/messages", named("two"));
        assertEquals(400, answer.statusCode());
        assertEquals(
                "metadata.session_id: expected the path's session 'one', found \"two\"",
                Api.MESSAGES.error(answer.body()));
    }

    @Test
    void nameInTheBodyStaysHere() throws IOException {
        try (var upstream = FakeUpstream.of(c -> c.json(200, FakeUpstream.MESSAGE));
                var proxy = new TestServer().upstream(upstream.url()).start()) {
            ObjectNode request = Api.MESSAGES.request("hello", false);
            request.putObject("metadata").put("session_id", "mine").put("user_id", "u1");
            assertEquals(200, proxy.post("/v1/messages", request.toString()).statusCode());
            var sent = Json.tree(upstream.requests().getFirst().body());
            assertEquals("{\"user_id\":\"u1\"}", sent.path("metadata").toString());
            assertFalse(upstream.requests().getFirst().head().contains("mine"));
        }
    }

    private void refuses(String id) throws IOException {
        for (Api api : Api.values()) {
            String message = refused(api, "/" + id + api.path, api.body("hello"));
            assertTrue(message.contains("expected 1 to 128 of A-Z a-z 0-9 . _ -"), message);
            // The name is looked at before the body: what is wrong with both is told of the name.
            assertEquals(message, refused(api, "/" + id + api.path, "{"));
        }
        assertEquals(200, server.get("/health").statusCode());
    }

    private String refused(Api api, String path, String body) throws IOException {
        try (RawClient client = server.raw()) {
            var answer = client.post(path, body).answer();
            assertEquals(400, answer.status(), answer.body());
            return api.error(answer.body());
        }
    }

    private static String named(String session) {
        ObjectNode request = Api.MESSAGES.request("hello", false);
        request.putObject("metadata").put("session_id", session);
        return request.toString();
    }
}
