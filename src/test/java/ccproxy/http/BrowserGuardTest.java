package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Which requests of browsers are answered: by name of the server, by page, by method.
class BrowserGuardTest {
    private static final String PAGE = "http://localhost:3000";

    private final TestServer server = new TestServer();

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    localhost:PORT            | 200
                    LOCALHOST:PORT            | 200
                    localhost                 | 200
                    localhost.:PORT           | 200
                    localhost:9               | 200
                    my.app.localhost:PORT     | 200
                    127.0.0.1:PORT            | 200
                    127.9.8.7                 | 200
                    [::1]:PORT                | 200
                    host.docker.internal:PORT | 200
                    ai.example.com            | 200
                    AI.example.com:443        | 200
                    -                         | 200
                    evil.test:PORT            | 403
                    127.0.0.1.evil.test       | 403
                    localhost.evil.test:PORT  | 403
                    evillocalhost             | 403
                    .localhost                | 403
                    xai.example.com           | 403
                    192.0.2.1:PORT            | 403
                    [::2]:PORT                | 403
                    0.0.0.0:PORT              | 403
                    """)
    void nameOfAServerOnThisMachineMustBeItsOwn(String host, int status) throws IOException {
        server.hosts("ai.example.com").start();
        for (String path : new String[] {"/", "/v1/models", "/sessions", "/echo/v1/models"})
            assertEquals(status, ask("GET", path, host, "-").status(), path);
        for (Api api : Api.values()) {
            var answer = post(api, host, "-");
            assertEquals(status, answer.status());
            if (status == 403) assertTrue(api.error(answer.body()).contains("set hosts"));
        }
        assertEquals(200, ask("GET", "/health", host, "-").status());
        assertEquals(200, ask("GET", "/health/ready", host, "http://evil.test").status());
    }

    @Test
    void anyNameWillDoWhereAllAreAllowed() throws IOException {
        server.hosts("*").start();
        assertEquals(200, ask("GET", "/v1/models", "evil.test", "-").status());
    }

    @Test
    void namesOfAServerForOthersAreCheckedOnlyWhenTheyAreSet() throws IOException {
        server.host("0.0.0.0").token("t").start();
        assertEquals(401, ask("GET", "/v1/models", "evil.test", "http://else.test").status());
        try (var named = new TestServer().host("0.0.0.0").token("t").hosts("ai.test").start()) {
            assertEquals(403, ask(named, "GET", "/v1/models", "evil.test", "-").status());
            assertEquals(401, ask(named, "GET", "/v1/models", "ai.test", "-").status());
        }
    }

    @Test
    void pageOfAnotherIsRefusedAlsoByAnOpenServerForOthers() throws IOException {
        server.host("0.0.0.0").start();
        assertEquals(403, ask("GET", "/v1/models", "ai.test", "http://evil.test").status());
        assertEquals(200, ask("GET", "/v1/models", "ai.test", "http://ai.test").status());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    localhost:PORT | -                       | 200
                    localhost:PORT | http://localhost:PORT   | 200
                    localhost:PORT | https://localhost:PORT  | 200
                    localhost      | http://localhost        | 200
                    localhost      | https://localhost       | 200
                    localhost:443  | https://localhost       | 200
                    localhost:80   | http://LOCALHOST        | 200
                    localhost:443  | http://localhost        | 403
                    localhost:PORT | http://localhost        | 403
                    localhost:PORT | http://localhost:3000   | 403
                    localhost:PORT | http://127.0.0.1:PORT   | 403
                    localhost:PORT | http://evil.test        | 403
                    localhost:PORT | http://evil.test:PORT   | 403
                    localhost:PORT | null                    | 403
                    localhost:PORT | file://                 | 403
                    localhost:PORT | app://obsidian.md       | 403
                    localhost:PORT | vscode-file://vscode-app| 403
                    localhost:PORT | localhost:PORT          | 403
                    """)
    void pageMustBeTheServersOwn(String host, String origin, int status) throws IOException {
        server.start();
        for (String path : new String[] {"/", "/v1/models", "/sessions"})
            assertEquals(status, ask("GET", path, host, origin).status(), path);
        assertEquals(status == 200 ? 404 : 403, delete(host, origin));
        for (Api api : Api.values()) {
            var answer = post(api, host, origin);
            assertEquals(status, answer.status());
            assertEquals("", answer.header("access-control-allow-origin"));
            if (status == 403) assertTrue(api.error(answer.body()).contains("set cors.origins"));
        }
    }

    private int delete(String host, String origin) throws IOException {
        return ask("DELETE", "/sessions/none", host, origin).status();
    }

    @Test
    void refusalComesBeforeTheQuestionForAToken() throws IOException {
        server.token("t").start();
        assertEquals(403, ask("GET", "/", "evil.test", "-").status());
        assertEquals(403, ask("GET", "/", "localhost", "http://evil.test").status());
        assertEquals(403, preflight("http://evil.test", "").status());
        assertEquals(401, ask("GET", "/", "localhost", "-").status());
    }

    @Test
    void preflightIsAnsweredWithoutAToken() throws IOException {
        server.token("t").origins(PAGE, "app://obsidian.md").start();
        var answer =
                preflight(
                        PAGE,
                        "Access-Control-Request-Headers: authorization,x-stainless-os,anthropic-beta\r\n"
                                + "Access-Control-Request-Private-Network: true\r\n");
        assertEquals(204, answer.status());
        assertEquals(PAGE, answer.header("access-control-allow-origin"));
        assertEquals(
                "GET, HEAD, POST, DELETE, OPTIONS", answer.header("access-control-allow-methods"));
        assertEquals(
                "authorization,x-stainless-os,anthropic-beta",
                answer.header("access-control-allow-headers"));
        assertEquals("true", answer.header("access-control-allow-private-network"));
        assertEquals("600", answer.header("access-control-max-age"));
        assertTrue(answer.header("vary").startsWith("origin"));
        assertEquals("", answer.header("access-control-allow-credentials"));
        answer = preflight("app://obsidian.md", "");
        assertTrue(answer.header("access-control-allow-headers").contains("x-api-key"));
        assertEquals("", answer.header("access-control-allow-private-network"));
    }

    @Test
    void optionsThatIsNoPreflightWantsAToken() throws IOException {
        server.token("t").origins(PAGE).start();
        assertEquals(401, ask("OPTIONS", "/v1/models", "localhost", PAGE).status());
    }

    @ParameterizedTest
    @EnumSource
    void allowedPageCanReadAnswersStreamsAndErrors(Api api) throws IOException {
        server.token("t").origins(PAGE).start();
        String[] headers = {"origin", PAGE, "x-api-key", "t"};
        for (String body : new String[] {api.body("hi"), api.stream("hi"), "{"}) {
            var answer = server.post(api.path, body, headers);
            assertEquals(body.equals("{") ? 400 : 200, answer.statusCode());
            assertReadable(answer.headers().firstValue("access-control-allow-origin").orElse(""));
            String exposed = "access-control-expose-headers";
            assertEquals("*", answer.headers().firstValue(exposed).orElse(""));
        }
        for (String path : new String[] {api.path, "/nothing", "/health", "/v1/models"}) {
            var answer = server.get(path, "origin", PAGE);
            assertEquals(path.equals("/health") ? 200 : 401, answer.statusCode());
            assertReadable(answer.headers().firstValue("access-control-allow-origin").orElse(""));
            assertEquals("origin", answer.headers().firstValue("vary").orElse(""));
        }
    }

    private static void assertReadable(String allowed) {
        assertEquals(PAGE, allowed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:3001", "https://localhost:3000", "null"})
    void otherPagesAreStillRefused(String origin) throws IOException {
        server.origins(PAGE).start();
        var answer = ask("GET", "/v1/models", "localhost", origin);
        assertEquals(403, answer.status());
        assertEquals("", answer.header("access-control-allow-origin"));
        assertEquals(403, preflight(origin, "").status());
        assertEquals(200, ask("GET", "/v1/models", "localhost", "-").status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://evil.test", "null", "file://"})
    void everyPageMayAskWhereAllAreAllowed(String origin) throws IOException {
        server.origins("*").start();
        var answer = ask("GET", "/v1/models", "localhost", origin);
        assertEquals(200, answer.status());
        assertEquals(origin, answer.header("access-control-allow-origin"));
        assertEquals(204, preflight(origin, "").status());
        // By a name of its own: that is no page that asks, but one that pretends to be us.
        assertEquals(403, ask("GET", "/v1/models", "evil.test", origin).status());
    }

    @Test
    void preflightThatAsksForNonsenseGetsTheUsualHeaders() throws IOException {
        server.origins(PAGE).start();
        for (String asked : new String[] {"a\u00e9", "x".repeat(2001), "a;b"}) {
            var answer = preflight(PAGE, "Access-Control-Request-Headers: " + asked + "\r\n");
            assertEquals(204, answer.status());
            assertFalse(answer.header("access-control-allow-headers").contains(asked));
        }
    }

    private RawClient.Answer preflight(String origin, String more) throws IOException {
        try (RawClient client = server.raw()) {
            client.write(
                    "OPTIONS /v1/messages HTTP/1.1\r\nHost: localhost\r\nOrigin: %s\r\nAccess-Control-Request-Method: POST\r\n%s\r\n"
                            .formatted(origin, more));
            return client.answer();
        }
    }

    private RawClient.Answer ask(String method, String path, String host, String origin)
            throws IOException {
        return ask(server, method, path, host, origin);
    }

    private static RawClient.Answer ask(
            TestServer server, String method, String path, String host, String origin)
            throws IOException {
        try (RawClient client = server.raw()) {
            client.write(
                    method + " " + path + " HTTP/1.1\r\n" + head(server, host, origin) + "\r\n");
            return client.answer();
        }
    }

    private RawClient.Answer post(Api api, String host, String origin) throws IOException {
        String body = api.body("hi");
        try (RawClient client = server.raw()) {
            client.write(
                    "POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s"
                            .formatted(api.path, head(server, host, origin), body.length(), body));
            return client.answer();
        }
    }

    /// `-` stands for none, `PORT` for the server's.
    private static String head(TestServer server, String host, String origin) {
        String head = host.equals("-") ? "" : "Host: " + host + "\r\n";
        head += origin.equals("-") ? "" : "Origin: " + origin + "\r\n";
        return head.replace("PORT", Integer.toString(server.port()));
    }
}
