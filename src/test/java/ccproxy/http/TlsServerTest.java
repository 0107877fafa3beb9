package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.Certificates;
import ccproxy.claude.OneQuestion;
import ccproxy.claude.OwnServer;
import ccproxy.wire.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The server behind TLS of its own, with clients that know its certificate and with ones that do
/// not even speak TLS.
@Timeout(60)
class TlsServerTest {
    private static final String NAMES = "ip:127.0.0.1,dns:localhost";
    private static final String SLOW = "/echo {\"delta_count\":2000,\"delta_delay_ms\":5}";
    private static final String SILENT = "/echo {\"first_delay_ms\":20000}";

    @TempDir static Path folder;
    private static Keystore keystore;
    private static SSLContext trust;
    private static HttpClient client;

    private TestServer server;

    @BeforeAll
    static void certify() throws Exception {
        Path file = folder.resolve("server.p12");
        Certificates.make(file, NAMES);
        keystore = new Keystore(file, Certificates.PASSWORD);
        trust = Certificates.context(file);
        client =
                HttpClient.newBuilder()
                        .sslContext(trust)
                        .version(HttpClient.Version.HTTP_1_1)
                        .build();
    }

    @BeforeEach
    void start() {
        server = new TestServer().tls(keystore).pingMillis(100).start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder at(String path) {
        return HttpRequest.newBuilder(URI.create("https://localhost:" + server.port() + path))
                .timeout(Duration.ofSeconds(20));
    }

    private HttpResponse<String> post(Api api, String body) throws Exception {
        return send(at(api.path).POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private RawClient secure(String... protocols) throws IOException {
        var socket =
                (javax.net.ssl.SSLSocket)
                        trust.getSocketFactory()
                                .createSocket(InetAddress.getByName("127.0.0.1"), server.port());
        if (protocols.length > 0) socket.setEnabledProtocols(protocols);
        return new RawClient(socket);
    }

    @ParameterizedTest
    @EnumSource
    void bothApisAnswerWholeAndInStreams(Api api) throws Exception {
        assertEquals("one two", api.text(post(api, api.body("one two")).body()));
        String large = "x".repeat(100_000);
        assertEquals(large, api.text(post(api, api.body(large)).body()));
        String stream = post(api, api.stream("one two")).body();
        assertEquals("one two", api.streamedText(stream));
        assertTrue(api.isWhole(stream), stream);
        assertEquals(400, post(api, "{").statusCode());
    }

    @ParameterizedTest
    @EnumSource
    void eventsComeOneByOneWithPingsBetween(Api api) throws Exception {
        try (RawClient raw = secure()) {
            String slow = "/echo {\"text\":\"one two\",\"delta_delay_ms\":400}";
            raw.post(api.path, api.stream(slow));
            assertTrue(api.pings(raw.readUntil("one ").replace("\r\n", "\n")) > 0);
            assertTrue(
                    api.isWhole(raw.readUntil(api == Api.CHAT ? "[DONE]\n\n" : "message_stop\n")));
        }
    }

    @ParameterizedTest
    @EnumSource
    void clientThatLeavesInMidStreamIsNoticed(Api api) throws Exception {
        RawClient raw = secure().post(api.path, api.stream(SLOW), "x-request-id", "left-stream");
        raw.readUntil("echo ");
        raw.close();
        assertEquals(499, server.log().requestLine("left-stream").path("status").asInt());
    }

    @ParameterizedTest
    @EnumSource
    void clientThatLeavesWhileItWaitsIsNoticed(Api api) throws Exception {
        for (String body : new String[] {api.body(SILENT), api.stream(SILENT)}) {
            String id = "left-waiting-" + body.length();
            RawClient raw = secure().post("/s1" + api.path, body, "x-request-id", id);
            Eventually.isTrue("busy", () -> send(at("/sessions")).body().contains("\"busy\""));
            raw.close();
            assertEquals(499, server.log().requestLine(id).path("status").asInt());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void connectionIsUsedAgain(String protocol) throws IOException {
        try (RawClient raw = secure(protocol)) {
            for (int i = 0; i < 3; i++) {
                raw.post("/v1/messages", Api.MESSAGES.body("hi " + i));
                assertEquals("hi " + i, Api.MESSAGES.text(raw.answer().body()));
            }
        }
    }

    /// A greeting of TLS 1.1, by its bytes: no JDK would write it any more.
    @Test
    void olderTlsIsRefused() throws IOException {
        byte[] hello = new byte[5 + 4 + 2 + 32 + 1 + 2 + 8 + 2];
        byte[] head = {
            0x16, 3, 2, 0, (byte) (hello.length - 5), 1, 0, 0, (byte) (hello.length - 9), 3, 2
        };
        System.arraycopy(head, 0, hello, 0, head.length);
        byte[] suites = {0, 8, (byte) 0xc0, 0x13, (byte) 0xc0, 0x14, (byte) 0xc0, 9, 0, 0x2f, 1, 0};
        System.arraycopy(suites, 0, hello, hello.length - suites.length, suites.length);
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(hello);
            byte[] alert = socket.getInputStream().readNBytes(7);
            assertEquals(0x15, alert[0], "an alert");
            assertEquals(70, alert[6], "protocol_version");
        }
    }

    @Test
    void plainHttpIsEndedAndOthersAreNot() throws Exception {
        try (RawClient plain = server.raw()) {
            plain.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            // An alert, which is no HTTP, and the end.
            assertFalse(plain.readAll().startsWith("HTTP"));
        }
        assertEquals(200, send(at("/health")).statusCode());
    }

    @Test
    void manyThatSayNothingOrHalfDoNotHoldUpOthers() throws Exception {
        var idle = new ArrayList<Socket>();
        try {
            for (int i = 0; i < 200; i++) {
                var socket = new Socket("127.0.0.1", server.port());
                idle.add(socket);
                // The first bytes of a greeting that goes no further.
                if (i % 2 == 0) socket.getOutputStream().write(new byte[] {0x16, 3, 1, 2, 0, 1});
            }
            for (Api api : Api.values()) {
                long begun = System.nanoTime();
                assertEquals("hi", api.text(post(api, api.body("hi")).body()));
                Eventually.assertSoon(begun);
            }
        } finally {
            for (Socket socket : idle) socket.close();
        }
    }

    @Test
    void clientThatDoesNotReadHoldsUpNobodyAndNoStop() throws Exception {
        server.close();
        server = new TestServer().tls(keystore).bodyBytesMax(16 << 20).start();
        // More than the sockets of both sides hold.
        String body = Api.MESSAGES.body("x".repeat(12_000_000));
        try (RawClient one = secure().post("/v1/messages", body);
                RawClient two = secure().post("/v1/messages", body)) {
            one.awaitByte();
            two.awaitByte();
            assertEquals(200, send(at("/health")).statusCode());
            long begun = System.nanoTime();
            // Long enough for their writers to come to wait for them.
            server.stop(Duration.ofSeconds(3));
            Eventually.assertSoon(begun);
        }
    }

    @Test
    void ownClientsTrustThisCertificateAndNoOther() throws Exception {
        URI address = URI.create("https://127.0.0.1:" + server.port());
        var own = new OwnServer(address, "", List.of(keystore.certificate()));
        assertTrue(own.isThere());
        var said = new StringBuilder();
        new OneQuestion("sonnet", "", "one two").ask(own, server.claude(), said::append);
        assertEquals("one two", said.toString());
        // Valid for a name that is not asked, and out of date: it is this one all the same.
        Path other = folder.resolve("other.p12");
        Certificates.make(other, "dns:other.test", "-startdate", "-10d", "-validity", "1");
        var stranger = new Keystore(other, Certificates.PASSWORD);
        assertFalse(new OwnServer(address, "", List.of(stranger.certificate())).isThere());
        assertFalse(new OwnServer(address, "", List.of()).isThere());
        try (var odd = new TestServer().tls(stranger).start()) {
            URI there = URI.create("https://127.0.0.1:" + odd.port());
            var known = new OwnServer(there, "", List.of(stranger.certificate()));
            assertTrue(known.isThere());
            said.setLength(0);
            new OneQuestion("sonnet", "s1", "hi").ask(known, server.claude(), said::append);
            assertEquals("hi", said.toString());
            assertTrue(odd.log().text().contains("has expired"), odd.log().text());
        }
    }

    @Test
    void logIsThatOfAnyRequest() throws Exception {
        send(at("/v1/models").header("x-request-id", "request-1"));
        var line = server.log().requestLine("request-1");
        assertEquals("127.0.0.1", line.path("client").asString());
        assertEquals(200, line.path("status").asInt());
        assertTrue(Json.tree(send(at("/health")).body()).path("status").asString().equals("ok"));
    }

    @Test
    void addressesHaveNoNames() throws IOException {
        byte[] loopback = {127, 0, 0, 1};
        assertEquals("127.0.0.1", InetAddress.getByAddress(loopback).getHostName());
        assertTrue(InetAddress.getByName("localhost").isLoopbackAddress());
    }
}
