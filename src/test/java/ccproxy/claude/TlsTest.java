package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.http.Eventually;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// TLS toward the upstream: with whom we speak, and that nothing is lost or made up on the way.
@Timeout(30)
class TlsTest {
    private static SSLContext localhost;

    @BeforeAll
    static void certify(@TempDir Path folder) throws Exception {
        localhost = Certificates.of(folder, "dns:localhost");
    }

    private static RawUpstream secure(RawUpstream.Play play) throws Exception {
        return new RawUpstream(Certificates.server(localhost), play);
    }

    private static ApiClaude api(RawUpstream upstream) {
        return Certificates.api("localhost", upstream.port(), localhost);
    }

    private static void assertUnreachable(ApiClaude api, RawUpstream upstream, String reason) {
        ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
        assertEquals(ErrorKind.UNREACHABLE, e.kind());
        String said = "the upstream cannot be reached: ";
        assertTrue(e.getMessage().matches(said + reason), e.getMessage());
        assertEquals(0, upstream.requests().size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void rightHostIsTrustedAndStreamsOnOneConnection(String protocol) throws Exception {
        SSLServerSocket server = Certificates.server(localhost);
        server.setEnabledProtocols(new String[] {protocol});
        String large = "x".repeat(200_000);
        try (var upstream =
                        new RawUpstream(
                                server,
                                c -> {
                                    while (!c.request().isEmpty()) {
                                        c.head();
                                        c.chunk(Answers.sse(large));
                                        c.end();
                                    }
                                });
                var api = api(upstream)) {
            for (int i = 0; i < 3; i++)
                assertEquals(large, Answers.text(api.ask(Answers.turn(large))));
            assertEquals(3, upstream.requests().size());
            assertTrue(upstream.requests().getLast().contains(large));
            assertEquals(1, upstream.connections());
        }
    }

    @Test
    void otherHostIsRefusedBeforeARequest() throws Exception {
        try (var upstream = secure(RawUpstream.Connection::request);
                var api = Certificates.api("127.0.0.1", upstream.port(), localhost)) {
            assertUnreachable(api, upstream, "No subject alternative names .*127.0.0.1.*");
        }
    }

    @Test
    void unknownCertificateIsRefusedBeforeARequest() throws Exception {
        try (var upstream = secure(RawUpstream.Connection::request);
                var api = Certificates.api("localhost", upstream.port(), SSLContext.getDefault())) {
            String reason = "unable to find valid certification path to requested target";
            assertUnreachable(api, upstream, reason);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.1", "TLSv1"})
    void oldProtocolIsRefused(String protocol) throws Exception {
        SSLServerSocket server = Certificates.server(localhost);
        server.setEnabledProtocols(new String[] {protocol});
        try (var upstream = new RawUpstream(server, RawUpstream.Connection::request);
                var api = api(upstream)) {
            assertUnreachable(api, upstream, ".*SSL.*");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"HTTP/1.1 400 Bad Request\r\n\r\n", "\u0016\u0003\u0003\u0000\u0002xx", ""})
    void upstreamWithoutTlsIsUnreachable(String bytes) throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.in().read();
                            c.bytes(bytes);
                        });
                var api = api(upstream)) {
            assertUnreachable(api, upstream, ".*SSL.*");
        }
    }

    @Test
    void handshakeThatHangsEndsAtTheConnectLimit() throws Exception {
        var isClosed = new CountDownLatch(1);
        try (var upstream =
                        new RawUpstream(c -> {
                            c.in().transferTo(OutputStream.nullOutputStream());
                            isClosed.countDown();
                        });
                var api = api(upstream)) {
            long from = System.nanoTime();
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.TIMEOUT, e.kind());
            assertEquals("no connection to the upstream in time", e.getMessage());
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - from);
            assertTrue(millis >= 1900, millis + " ms");
            Eventually.assertSoon(from);
            RawUpstream.await(isClosed);
        }
    }
}
