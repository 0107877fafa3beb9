package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// How requests begin, which are refused, and which connections are kept.
@Timeout(20)
class UpstreamTest {
    private static final byte[] BODY = {'{', '}'};

    private static Upstream upstream(String base, Map<String, String> environment) {
        return new Upstream(URI.create(base), Answers.WAIT, new EnvironmentProxies(environment));
    }

    /// Nothing is ever sent to it.
    private static Upstream unused() {
        return upstream("http://upstream.test", Map.of());
    }

    private static void assertRefused(String path, Map<String, List<String>> headers) {
        try (var upstream = unused()) {
            var e =
                    assertThrows(
                            ApiException.class,
                            () -> upstream.send(path, headers, BODY),
                            () -> path + headers);
            assertEquals(ErrorKind.INVALID_REQUEST, e.kind());
            assertEquals(400, e.messagesStatus());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\r\nx-forged: 1",
                "a\nx-forged: 1",
                "a\rb",
                "a\r\n",
                "\n",
                "a\u0000b",
                "\u0000",
                "\u001F",
                "a\u007F",
                "\u0100",
                "\u560A", // whose lower byte is a line feed
                "\u010D",
                "\u5317",
                "\uD83D\uDE42"
            })
    void headerValueThatIsNoneIsRefused(String value) {
        assertRefused("/v1", Map.of("anthropic-beta", List.of(value)));
        assertRefused("/v1", Map.of("anthropic-beta", List.of("good", value)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", " ", "a b", "a:", ":", "a\r\nb", "a\n", "\u00E9", "a\u0000", "(a)", "a\t"
            })
    void headerNameThatIsNoneIsRefused(String name) {
        assertRefused("/v1", Map.of(name, List.of("x")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1 HTTP/1.1\r\nx-forged: 1\r\n\r\n",
                "/a b",
                "/a\tb",
                "/a\nb",
                "/a\rb",
                "/a?b c",
                "/a\u0000",
                "/a\u007F",
                "/\u00E9",
                "/?\u5317",
                "/\u560A"
            })
    void pathThatIsNotVisibleIsRefused(String path) {
        assertRefused(path, Map.of());
    }

    @Test
    void clientsHeadersAndQueriesAreRefusedBeforeAnythingIsSent() throws Exception {
        try (var upstream = new RawUpstream(RawUpstream.Connection::request);
                var api = Answers.api(upstream.url())) {
            for (var headers :
                    List.of(
                            Answers.headers("anthropic-beta", "a\r\nb: c"),
                            Answers.headers("anthropic-x y", "a"),
                            new ClientHeaders("a=b c", Map.of(), Map.of()),
                            new ClientHeaders("", Map.of(), Map.of("x-api-key", "a\nb")))) {
                var turn = new Turn(Answers.streamed("hi"), "", headers, false);
                var e = assertThrows(ApiException.class, () -> Answers.all(api.ask(turn)));
                assertEquals(ErrorKind.INVALID_REQUEST, e.kind());
                assertFalse(e.getMessage().contains("\n"), e.getMessage());
            }
            assertEquals(0, upstream.connections());
        }
    }

    /// The first lines of a request through a proxy, which is asked for the whole address.
    private static String sent(String base, String path, byte[] body) throws Exception {
        try (var proxy = new RawUpstream(RawUpstream.Connection::request);
                var upstream =
                        upstream(base, Map.of("http_proxy", "http://127.0.0.1:" + proxy.port()))) {
            Map<String, List<String>> headers = Map.of("a", List.of("b \u00E9", "", "\tc"));
            Sending sending = upstream.send(path, headers, body);
            long until = System.nanoTime() + Answers.WAIT.toNanos();
            assertThrows(IOException.class, () -> sending.await(until));
            sending.cancel();
            return proxy.requests().getFirst();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "http://upstream.test, upstream.test",
        "HTTP://Upstream.test, Upstream.test",
        "http://upstream.test:80, upstream.test:80",
        "http://upstream.test:8080/base, upstream.test:8080",
        "http://user:secret@upstream.test, upstream.test",
        "http://[2001:db8::1], [2001:db8::1]",
        "http://[2001:db8::1]:8080, [2001:db8::1]:8080"
    })
    void hostIsNamedAsTheBaseNamesIt(String base, String host) throws Exception {
        String path = URI.create(base).getRawPath() + "/v1?q=%20&r";
        String text = "h\u00E9\u5317";
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        assertEquals(
                "POST http://"
                        + host
                        + path
                        + " HTTP/1.1\r\nhost: "
                        + host
                        + "\r\na: b \u00E9\r\na: \r\na: \tc\r\ncontent-length: 6\r\n\r\n"
                        + text,
                sent(base, "/v1?q=%20&r", body));
    }

    @Test
    void requestWithoutABodyIsAGet() throws Exception {
        assertEquals(
                "GET http://u.test/v1 HTTP/1.1\r\nhost: u.test\r\na: b \u00E9\r\na: \r\na: \tc\r\n\r\n",
                sent("http://u.test", "/v1", new byte[0]));
    }

    private static int kept(Upstream upstream) {
        int count = 0;
        while (upstream.kept() != null) count++;
        return count;
    }

    @Test
    void noMoreConnectionsAreKeptThanTheLimit() {
        for (int more : new int[] {-1, 0, 1}) {
            try (var upstream = unused()) {
                int count = Upstream.KEPT_MAX + more;
                for (int i = 0; i < count; i++) upstream.keep(new HttpConnection());
                assertEquals(Math.min(count, Upstream.KEPT_MAX), kept(upstream));
            }
        }
    }

    @Test
    void connectionKeptLastIsUsedFirstAndTheOldestIsSurplus() {
        try (var upstream = unused()) {
            var oldest = new HttpConnection();
            upstream.keep(oldest);
            for (int i = 1; i < Upstream.KEPT_MAX; i++) upstream.keep(new HttpConnection());
            assertTrue(oldest.isUsable());
            var last = new HttpConnection();
            upstream.keep(last);
            assertFalse(oldest.isUsable());
            assertSame(last, upstream.kept());
        }
    }

    @Test
    void closedUpstreamKeepsNothing() {
        var upstream = unused();
        var before = new HttpConnection();
        upstream.keep(before);
        upstream.close();
        assertFalse(before.isUsable());
        var after = new HttpConnection();
        upstream.keep(after);
        assertFalse(after.isUsable());
        assertNull(upstream.kept());
    }

    @Test
    void keptConnectionThatWasClosedIsNotGiven() {
        try (var upstream = unused()) {
            var open = new HttpConnection();
            var closed = new HttpConnection();
            upstream.keep(open);
            upstream.keep(closed);
            closed.close();
            assertSame(open, upstream.kept());
        }
    }

    /// Opens a connection that was closed before, by a request that was cancelled at once.
    private static WeakReference<HttpConnection> openedTooLate(Upstream upstream) {
        var connection = new HttpConnection();
        upstream.close(connection);
        assertThrows(IOException.class, () -> upstream.open(connection));
        return new WeakReference<>(connection);
    }

    @Test
    void connectionThatDidNotOpenIsForgotten() throws Exception {
        try (var server = new RawUpstream(RawUpstream.Connection::request);
                var upstream = upstream(server.url(), Map.of())) {
            WeakReference<HttpConnection> forgotten = openedTooLate(upstream);
            for (int i = 0; i < 100 && forgotten.get() != null; i++) {
                System.gc();
                Thread.sleep(10);
            }
            assertNull(forgotten.get());
            upstream.send("/", Map.of(), BODY);
        }
    }
}
