package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Upstreams behind a proxy that digs a tunnel: what the proxy is told, and what it can do.
@Timeout(30)
class TunnelTest {
    private static SSLContext certified;

    @BeforeAll
    static void certify(@TempDir Path folder) throws Exception {
        certified = Certificates.of(folder, "dns:upstream.test");
    }

    private static ApiClaude api(String host, RawUpstream proxy) {
        String url = "http://user:pass@127.0.0.1:" + proxy.port();
        return Certificates.api(host, 8443, certified, Map.of("https_proxy", url));
    }

    private static RawUpstream upstream() throws Exception {
        return new RawUpstream(
                Certificates.server(certified),
                c -> {
                    while (!c.request().isEmpty()) c.json("{\"n\":" + c.number() + "}");
                });
    }

    /// Digs a tunnel to `upstream`, whatever it is asked for.
    private static RawUpstream proxy(RawUpstream upstream, String answer) throws Exception {
        return new RawUpstream(c -> {
            c.request();
            c.write(answer);
            Relay.to(upstream.port(), c, RawUpstream.Connection::write);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "HTTP/1.1 200 Connection established",
        "HTTP/1.0 200 OK",
        "'HTTP/1.1 200 OK|content-length: 5'",
        "'HTTP/1.1 200 OK|transfer-encoding: chunked|connection: close'",
        "'HTTP/1.1 100 Continue||HTTP/1.1 204 No Content'"
    })
    void requestsGoThroughTheTunnelAndTheLoginDoesNot(String answer) throws Exception {
        try (var upstream = upstream();
                var proxy = proxy(upstream, answer.replace("|", "\r\n") + "\r\n\r\n");
                var api = api("upstream.test", proxy)) {
            for (int i = 0; i < 2; i++)
                assertEquals("{\"n\":0}", Answers.bytes(api.ask(Answers.turn("hi"))));
            assertEquals(
                    "CONNECT upstream.test:8443 HTTP/1.1\r\nhost: upstream.test:8443\r\n"
                            + "proxy-authorization: Basic dXNlcjpwYXNz\r\n\r\n",
                    String.join("", proxy.requests()));
            assertEquals(2, upstream.requests().size());
            for (String request : upstream.requests()) {
                assertTrue(request.startsWith("POST /v1/messages HTTP/1.1\r\n"), request);
                assertTrue(request.contains("\r\nhost: upstream.test:8443\r\n"), request);
                assertFalse(request.toLowerCase(Locale.ROOT).contains("proxy-"), request);
            }
        }
    }

    @Test
    void proxyCannotBeTheUpstream() throws Exception {
        try (var upstream = upstream();
                var proxy = proxy(upstream, "HTTP/1.1 200 OK\r\n\r\n");
                var api = api("other.test", proxy)) {
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.UNREACHABLE, e.kind());
            assertTrue(e.getMessage().contains("No subject alternative DNS name"), e.getMessage());
            assertEquals(0, upstream.requests().size());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'HTTP/1.1 407 Proxy Authentication Required|proxy-authenticate: Basic||'",
        "'HTTP/1.1 302 Found|location: https://elsewhere.test/||'",
        "'HTTP/1.1 199 ?||HTTP/1.1 500 x||'",
        "'HTTP/1.1 101 Switching Protocols||'",
        "'garbage||'",
        "'HTTP/2 200||'",
        "'HTTP/1.1 200 OK|content-le'",
        "''"
    })
    void proxyThatDoesNotDigIsAsGoodAsNoUpstream(String answer) throws Exception {
        try (var upstream = upstream();
                var proxy =
                        new RawUpstream(c -> {
                            c.request();
                            c.write(answer.replace("|", "\r\n"));
                            if (!answer.endsWith("||")) return;
                            // It would do so if it were believed.
                            Relay.to(upstream.port(), c, RawUpstream.Connection::write);
                        });
                var api = api("upstream.test", proxy)) {
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.UNREACHABLE, e.kind());
            assertEquals(1, proxy.connections());
            assertEquals(0, upstream.requests().size());
        }
    }

    @Test
    void proxyThatHangsIsATimeoutAndLetGo() throws Exception {
        var isClosed = new CountDownLatch(1);
        try (var proxy =
                        new RawUpstream(c -> {
                            c.request();
                            c.write("HTTP/1.1 200 OK\r\n");
                            if (c.isClosedByClient()) isClosed.countDown();
                        });
                var api = api("upstream.test", proxy)) {
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.TIMEOUT, e.kind());
            assertEquals("no connection to the upstream in time", e.getMessage());
            RawUpstream.await(isClosed);
        }
    }

    /// What it says before the handshake would be read as the start of the upstream's answer.
    @Test
    void proxyThatSpeaksBeforeItIsAskedIsRefused() throws Exception {
        var isClosed = new CountDownLatch(1);
        try (var proxy =
                        new RawUpstream(c -> {
                            c.request();
                            c.write("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
                            // Not one byte of a handshake comes.
                            if (c.isClosedByClient()) isClosed.countDown();
                        });
                var api = api("upstream.test", proxy)) {
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.UNREACHABLE, e.kind());
            RawUpstream.await(isClosed);
        }
    }

    @Test
    void proxyThatSpeaksIntoTheHandshakeIsRefused() throws Exception {
        try (var proxy =
                        new RawUpstream(c -> {
                            c.request();
                            c.write("HTTP/1.1 200 OK\r\n\r\n");
                            c.in().read();
                            c.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
                            c.isClosedByClient();
                        });
                var api = api("upstream.test", proxy)) {
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.UNREACHABLE, e.kind());
        }
    }
}
