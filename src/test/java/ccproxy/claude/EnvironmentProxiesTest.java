package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class EnvironmentProxiesTest {
    private static final URI API = URI.create("https://api.anthropic.com");

    /// Asks an upstream that only a proxy could reach.
    private static String text(String upstream, Map<String, String> environment)
            throws InterruptedException {
        ClaudeSettings settings = Answers.settings(upstream);
        var upstreams =
                new Upstream(
                        settings.apiBaseUrl(),
                        settings.connectTimeout(),
                        new EnvironmentProxies(environment));
        try (var api = new ApiClaude(settings, upstreams)) {
            return Answers.bytes(api.ask(Answers.turn("hi")));
        }
    }

    private static String way(Map<String, String> environment, String uri) {
        URI proxy = new EnvironmentProxies(environment).proxy(URI.create(uri));
        if (proxy.getHost() == null) return "direct";
        return proxy.getHost() + (proxy.getPort() < 0 ? "" : ":" + proxy.getPort());
    }

    @Test
    void plainUpstreamIsAskedForInWhole() throws Exception {
        try (var proxy =
                new RawUpstream(c -> {
                    c.request();
                    c.json("{\"via\":\"proxy\"}");
                })) {
            String url = "http://us%40er:p%3Ass+@127.0.0.1:" + proxy.port();
            assertEquals(
                    "{\"via\":\"proxy\"}",
                    text("http://upstream.test/base", Map.of("http_proxy", url)));
            String request = proxy.requests().getFirst();
            assertTrue(
                    request.startsWith("POST http://upstream.test/base/v1/messages HTTP/1.1\r\n"),
                    request);
            // us@er:p:ss+
            assertTrue(
                    request.toLowerCase(java.util.Locale.ROOT)
                            .contains("proxy-authorization: basic dxnazxi6cdpzcys="),
                    request);
        }
    }

    @Test
    void secureUpstreamIsReachedThroughATunnelWithLogin() throws Exception {
        try (var proxy =
                new RawUpstream(c -> {
                    c.request();
                    c.write("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
                })) {
            var environment = Map.of("HTTPS_PROXY", "http://user:pass@127.0.0.1:" + proxy.port());
            var e =
                    assertThrows(
                            ApiException.class, () -> text("https://upstream.test", environment));
            assertEquals(ErrorKind.UNREACHABLE, e.kind());
            String reason = "the upstream cannot be reached: the proxy refused with status 502";
            assertEquals(reason, e.getMessage());
            String request = proxy.requests().getFirst();
            assertTrue(request.startsWith("CONNECT upstream.test:443 HTTP/1.1\r\n"), request);
            assertTrue(request.contains("dXNlcjpwYXNz"), request);
            assertFalse(request.contains("messages"), request);
        }
    }

    @Test
    void proxyThatIsNotThereIsNamedWithoutItsLogin() throws Exception {
        try (var deaf = new Socket()) {
            deaf.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            String proxy = "127.0.0.1:" + deaf.getLocalPort();
            var environment =
                    Map.of(
                            "HTTPS_PROXY",
                            "http://u:p@" + proxy,
                            "http_proxy",
                            "http://u:p@" + proxy);
            for (String url : List.of("https://upstream.test", "http://upstream.test")) {
                var e = assertThrows(ApiException.class, () -> text(url, environment));
                String reason = "the upstream cannot be reached: proxy %s: Connection refused";
                assertEquals(reason.formatted(proxy), e.getMessage());
            }
        }
    }

    @Test
    void loginGoesToTheProxyOnly() {
        var proxies =
                new EnvironmentProxies(
                        Map.of("https_proxy", "http://u:p@proxy:1", "no_proxy", "direct.test"));
        assertEquals("Basic dTpw", proxies.authorization(API));
        assertEquals("", proxies.authorization(URI.create("https://direct.test")));
        assertEquals("", proxies.authorization(URI.create("http://plain.test")));
        assertEquals("", proxies.authorization(URI.create("https://localhost")));
    }

    @Test
    void variablesAreReadAsCurlReadsThem() {
        String https = API.toString();
        assertEquals("direct", way(Map.of(), https));
        assertEquals("p", way(Map.of("https_proxy", "p"), https));
        assertEquals("p:8080", way(Map.of("https_proxy", "http://p:8080/"), https));
        assertEquals("p:1", way(Map.of("HTTPS_PROXY", "p:1"), https));
        assertEquals("low:1", way(Map.of("https_proxy", "low:1", "HTTPS_PROXY", "up:1"), https));
        assertEquals("all:1", way(Map.of("all_proxy", "all:1"), https));
        assertEquals("all:1", way(Map.of("ALL_PROXY", "all:1"), "http://x.test"));
        assertEquals("direct", way(Map.of("http_proxy", "p:1"), https));
        assertEquals("direct", way(Map.of("https_proxy", ""), https));
    }

    @ParameterizedTest
    @CsvSource({
        "'', p:1",
        "*, direct",
        "anthropic.com, direct",
        ".anthropic.com, direct",
        "*.anthropic.com, direct",
        "API.Anthropic.COM, direct",
        "'other.test, api.anthropic.com', direct",
        "other.test, p:1",
        "thropic.com, p:1",
        "api.anthropic.com.evil, p:1"
    })
    void noProxyNamesHostsAndDomains(String noProxy, String expected) {
        assertEquals(
                expected, way(Map.of("https_proxy", "p:1", "NO_PROXY", noProxy), API.toString()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"})
    void loopbackIsAlwaysDirect(String uri) {
        assertEquals("direct", way(Map.of("all_proxy", "p:1"), uri));
    }

    @ParameterizedTest
    @CsvSource({
        "https_proxy, https://secure:1",
        "HTTPS_PROXY, socks5://p:1",
        "http_proxy, http://",
        "ALL_PROXY, 'a b'",
        "all_proxy, http://bad_host:1"
    })
    void wrongValueNamesItsVariableAndNotItsValue(String name, String value) {
        var e =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new EnvironmentProxies(Map.of(name, value)));
        assertEquals(name + ": expected http://host:port", e.getMessage());
    }
}
