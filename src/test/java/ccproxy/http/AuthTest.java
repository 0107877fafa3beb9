package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthTest {
    private static final String TOKEN = "ccp-Tök3n-5eCr3t";
    private static final String ASCII = "ccp-T0k3n-5eCr3t";

    @Nested
    class WithoutAToken {
        @ParameterizedTest
        @EnumSource
        void everyoneMayAskWithWhateverKey(Api api) {
            try (var server = new TestServer().start()) {
                assertEquals(200, server.post(api.path, api.body("x")).statusCode());
                var answer = server.post(api.path, api.body("x"), "x-api-key", "anything");
                assertEquals(200, answer.statusCode());
            }
        }
    }

    @Nested
    class WithAToken {
        private TestServer server;

        @BeforeEach
        void start() {
            server = new TestServer().token(ASCII).start();
        }

        @AfterEach
        void stop() {
            server.close();
        }

        @ParameterizedTest
        @CsvSource({
            "x-api-key, ccp-T0k3n-5eCr3t",
            "X-API-KEY, ccp-T0k3n-5eCr3t",
            "authorization, Bearer ccp-T0k3n-5eCr3t",
            "authorization, bearer ccp-T0k3n-5eCr3t",
            "authorization, 'Bearer   ccp-T0k3n-5eCr3t '"
        })
        void tokenOpensEveryFaceInEitherHeader(String name, String value) {
            for (Api api : Api.values()) {
                var answer = server.post(api.path, api.body("x"), name, value);
                assertEquals(200, answer.statusCode(), answer.body());
            }
            for (String path : new String[] {"/", "/v1/models", "/sessions"})
                assertEquals(200, server.get(path, name, value).statusCode(), path);
        }

        @Test
        void oneRightOneIsEnough() {
            var answer =
                    server.get(
                            "/sessions", "x-api-key", "wrong", "authorization", "Bearer " + ASCII);
            assertEquals(200, answer.statusCode());
            answer = server.get("/sessions", "x-api-key", ASCII, "authorization", "Bearer wrong");
            assertEquals(200, answer.statusCode());
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "ccp-T0k3n-5eCr3",
                    "ccp-T0k3n-5eCr3tt",
                    "CCP-T0K3N-5ECR3T",
                    "ccp-T0k3n",
                    "*",
                    "Bearer ccp-T0k3n-5eCr3t"
                })
        void wrongTokenIsRefusedInTheShapeOfTheApi(String wrong) {
            for (Api api : Api.values()) {
                var answer = server.post(api.path, api.body("x"), "x-api-key", wrong);
                assertEquals(401, answer.statusCode());
                String message = api.error(answer.body());
                assertTrue(message.startsWith("authentication: expected the server's token"));
                assertTrue(!answer.body().contains(wrong), answer.body());
            }
            for (String value : new String[] {wrong, "Basic " + ASCII, ASCII, "Bearer"}) {
                if (value.startsWith("Bearer ccp")) continue;
                var answer = server.get("/sessions", "authorization", value);
                assertEquals(401, answer.statusCode(), value);
            }
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "/",
                    "/v1/models",
                    "/v1/models/x",
                    "/sessions",
                    "/sessions/x",
                    "/nothing",
                    "/v1/messages",
                    "/sdk/v1/models",
                    "/bad%20id/v1/messages",
                    "/metrics"
                })
        void missingTokenIsRefusedBeforeAnythingElse(String path) {
            for (String method : new String[] {"GET", "POST", "DELETE", "OPTIONS", "BREW"})
                assertEquals(401, server.send(method, path, "").statusCode(), method);
        }

        @ParameterizedTest
        @ValueSource(strings = {"/health", "/health/live", "/health/ready"})
        void healthIsOpen(String path) {
            assertEquals(200, server.get(path).statusCode());
            assertEquals(405, server.post(path, "").statusCode());
        }

        @Test
        void refusalOfALargeBodyIsReadable() throws IOException {
            try (RawClient client = server.raw()) {
                client.post("/v1/messages", new byte[5_000_000]);
                assertEquals(401, client.answer().status());
            }
        }
    }

    @Test
    void tokenBeyondAsciiIsNeverTakenForAnother() throws IOException {
        try (var server = new TestServer().token(TOKEN).start();
                RawClient client = server.raw()) {
            client.write(
                    "GET /sessions HTTP/1.1\r\nHost: localhost\r\nx-api-key: ccp-T?k3n-5eCr3t\r\n\r\n");
            assertEquals(401, client.answer().status());
        }
    }

    @Test
    void serversTokenNeverGoesUpstream() throws IOException {
        try (var upstream = FakeUpstream.of(c -> c.json(200, FakeUpstream.MESSAGE));
                var server =
                        new TestServer()
                                .upstream(upstream.url())
                                .token(ASCII)
                                .apiKey("sk-ant-api-upstream")
                                .start()) {
            for (Api api : Api.values()) {
                server.post(api.path, api.body("x"), "x-api-key", ASCII);
                server.post(api.path, api.body("x"), "authorization", "Bearer " + ASCII);
            }
            // Four answers, and the list of models that the server asks for itself.
            assertEquals(
                    4,
                    upstream.requests().stream().filter(r -> r.head().startsWith("POST")).count());
            for (var request : upstream.requests()) {
                assertTrue(!request.head().contains(ASCII), request.head());
                assertEquals("sk-ant-api-upstream", request.header("x-api-key"));
                assertEquals("", request.header("authorization"));
            }
        }
    }

    @Test
    void clientsOwnKeyGoesUpstreamWhereTheServerHasNone() throws IOException {
        try (var upstream = FakeUpstream.of(c -> c.json(200, FakeUpstream.MESSAGE));
                var server = new TestServer().upstream(upstream.url()).start()) {
            server.post(Api.MESSAGES.path, Api.MESSAGES.body("x"), "x-api-key", "sk-ant-api-mine");
            server.post(
                    Api.CHAT.path, Api.CHAT.body("x"), "authorization", "Bearer sk-ant-api-mine");
            for (var request : upstream.requests())
                assertEquals("sk-ant-api-mine", request.header("x-api-key"));
        }
    }

    @Test
    void tokenOfASubscriptionGoesUpstreamAsWhatItIs() throws IOException {
        try (var upstream = FakeUpstream.of(c -> c.json(200, FakeUpstream.MESSAGE));
                var server = new TestServer().upstream(upstream.url()).start()) {
            String[] headers = {
                "authorization", "Bearer sk-ant-oat01-mine", "anthropic-beta", "mine-1, mine-2"
            };
            server.post(Api.CHAT.path, Api.CHAT.body("x"), headers);
            var request = upstream.requests().getFirst();
            assertEquals("Bearer sk-ant-oat01-mine", request.header("authorization"));
            assertEquals("", request.header("x-api-key"));
            assertEquals("mine-1,mine-2,oauth-2025-04-20", request.header("anthropic-beta"));
            assertEquals("2023-06-01", request.header("anthropic-version"));
        }
    }

    @Test
    void bearerWithTheBetaOfATokenIsAToken() throws IOException {
        try (var upstream = FakeUpstream.of(c -> c.json(200, FakeUpstream.MESSAGE));
                var server = new TestServer().upstream(upstream.url()).start()) {
            String[] headers = {
                "authorization", "Bearer mine", "anthropic-beta", "oauth-2025-04-20"
            };
            server.post(Api.CHAT.path, Api.CHAT.body("x"), headers);
            var request = upstream.requests().getFirst();
            assertEquals("Bearer mine", request.header("authorization"));
            assertEquals("", request.header("x-api-key"));
        }
    }

    @Test
    void betaThatAFieldNeedsGoesWithItUnlessTheClientNamesOneByAnotherDate() throws IOException {
        try (var upstream = FakeUpstream.of(c -> c.json(200, FakeUpstream.MESSAGE));
                var server = new TestServer().upstream(upstream.url()).start()) {
            String body = Api.CHAT.request("x", false).put("thread", "t").toString();
            for (String own :
                    new String[] {"", "a", "message-threads-2025-01-01", "x-message-threads"})
                server.post(Api.CHAT.path, body, "anthropic-beta", own);
            assertEquals(
                    List.of(
                            "message-threads-2026-08-12",
                            "a,message-threads-2026-08-12",
                            "message-threads-2025-01-01",
                            "message-threads-2026-08-12,x-message-threads"),
                    upstream.requests().stream().map(r -> r.header("anthropic-beta")).toList());
        }
    }

    @Test
    void messagesClientsHeadersGoUpstreamAsTheyCame() throws IOException {
        try (var upstream = FakeUpstream.of(c -> c.json(200, FakeUpstream.MESSAGE));
                var server = new TestServer().upstream(upstream.url()).start()) {
            String[] headers = {
                "authorization", "Bearer sk-ant-api-x",
                "anthropic-version", "2026-10-21",
                "anthropic-beta", "b,a",
                "anthropic-workspace-id", "w",
                "cookie", "c=1",
                "x-other", "y"
            };
            // So few that the upstream is not asked for a stream instead.
            String body = Api.MESSAGES.request("x", false).put("max_tokens", 10).toString();
            server.post("/v1/messages?beta=true", body, headers);
            var request = upstream.requests().getFirst();
            assertTrue(request.head().startsWith("POST /v1/messages?beta=true "), request.head());
            assertEquals("Bearer sk-ant-api-x", request.header("authorization"));
            assertEquals("2026-10-21", request.header("anthropic-version"));
            assertEquals("b,a", request.header("anthropic-beta"));
            assertEquals("w", request.header("anthropic-workspace-id"));
            assertEquals("", request.header("cookie") + request.header("x-other"));
            assertEquals(body, request.body());
        }
    }

    /// Time cannot be measured well enough here; what is called can be seen: a token is nowhere
    /// compared with another, only looked up by its digest.
    @Test
    void tokensAreComparedByTheirDigestsOnly() throws IOException {
        assertTrue(called(Credentials.class).contains("ccproxy/http/ClientKeys.find"));
        assertTrue(called(ClientKeys.class).contains("ccproxy/wire/Digests.sha256"));
        for (Class<?> type : List.of(Credentials.class, ClientKeys.class, ClientKey.class)) {
            List<String> called = called(type);
            assertTrue(!called.contains("java/util/Arrays.equals"), called.toString());
            // That of `default`, a name.
            boolean isNameCompared = type == ClientKey.class;
            assertTrue(isNameCompared || !called.contains("java/lang/String.equals"));
        }
    }

    private static List<String> called(Class<?> type) throws IOException {
        try (var in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            var pool = ClassFile.of().parse(in.readAllBytes()).constantPool();
            return StreamSupport.stream(pool.spliterator(), false)
                    .filter(MemberRefEntry.class::isInstance)
                    .map(MemberRefEntry.class::cast)
                    .map(m -> m.owner().asInternalName() + "." + m.name().stringValue())
                    .toList();
        }
    }
}
