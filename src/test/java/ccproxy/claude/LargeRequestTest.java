package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.http.Eventually;
import ccproxy.wire.ApiException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests that no buffer holds, and upstreams that do not hear them to their end.
@Timeout(20)
class LargeRequestTest {
    private static final int LARGE = 5_000_000;
    private static final String TOO_LARGE =
            "{\"type\":\"error\",\"error\":{\"type\":\"request_too_large\",\"message\":\"why\"}}";

    /// Reads no more of a request than its head.
    private static void head(InputStream in) throws Exception {
        int matched = 0;
        while (matched < 4) {
            int b = in.read();
            if (b < 0) throw new EOFException();
            matched = b == "\r\n\r\n".charAt(matched) ? matched + 1 : b == '\r' ? 1 : 0;
        }
    }

    private static void refuse(RawUpstream.Connection c) throws Exception {
        c.write(
                "HTTP/1.1 413 x\r\ncontent-type: application/json\r\ncontent-length: "
                        + TOO_LARGE.length()
                        + "\r\n\r\n"
                        + TOO_LARGE);
    }

    private static ApiException refusal(ApiClaude api, int size) {
        return Answers.failure(api.ask(Answers.turn("x".repeat(size))));
    }

    @Test
    void earlyAnswerIsHeardAndItsConnectionCloses() throws Exception {
        var isHeard = new CountDownLatch(1);
        var isClosed = new CountDownLatch(1);
        var read = new AtomicLong();
        try (var upstream =
                        new RawUpstream(c -> {
                            if (c.number() > 0) {
                                c.request();
                                c.json("{\"n\":1}");
                                return;
                            }
                            head(c.in());
                            refuse(c);
                            RawUpstream.await(isHeard);
                            byte[] rest = new byte[64 << 10];
                            try {
                                for (int n = c.in().read(rest); n >= 0; n = c.in().read(rest))
                                    read.addAndGet(n);
                            } finally {
                                isClosed.countDown();
                            }
                        });
                var api = Answers.api(upstream.url())) {
            // More than the buffers of both sides together.
            ApiException e = refusal(api, 4 * LARGE);
            isHeard.countDown();
            assertEquals(413, e.messagesStatus());
            assertEquals("why", e.getMessage());
            RawUpstream.await(isClosed);
            assertTrue(read.get() < 4 * LARGE, read + " bytes");
            assertEquals("{\"n\":1}", Answers.bytes(api.ask(Answers.turn("hi"))));
        }
    }

    @Test
    void earlyAnswerOfAnUpstreamThatReadsOnMixesNothingUp() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            var in = new BufferedInputStream(c.in());
                            while (true) {
                                head(in);
                                refuse(c);
                                // The client may have left by now; else all of it comes.
                                skip(in);
                            }
                        });
                var api = Answers.api(upstream.url())) {
            for (int i = 0; i < 5; i++) assertEquals("why", refusal(api, LARGE).getMessage());
        }
    }

    /// Reads the end of a body.
    private static void skip(InputStream in) throws Exception {
        byte[] tail = "\"}]}".getBytes();
        for (int matched = 0; matched < tail.length; ) {
            int b = in.read();
            if (b < 0) throw new EOFException();
            matched = b == tail[matched] ? matched + 1 : b == tail[0] ? 1 : 0;
        }
    }

    @Test
    void upstreamThatReadsNothingIsATimeoutAndLetGo() throws Exception {
        var isDone = new CountDownLatch(1);
        try (var upstream = new RawUpstream(c -> RawUpstream.await(isDone));
                var api =
                        Answers.api(
                                Answers.settings(
                                        upstream.url(), Duration.ofMillis(300), Answers.WAIT))) {
            ApiException e = refusal(api, 4 * LARGE);
            assertEquals("the upstream was silent for 300 ms", e.getMessage());
            isDone.countDown();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 65_535, 65_536, 65_537, 131_072, LARGE})
    void bodyOfAnySizeArrivesWholeAndItsConnectionServesOn(int size) throws Exception {
        byte[] body = new byte[size];
        for (int i = 0; i < size; i++) body[i] = (byte) ('a' + i % 26);
        var asked = new AtomicReference<Sending>();
        try (var upstream =
                        new RawUpstream(c -> {
                            while (!c.request().isEmpty()) {
                                // The last byte may be here before its sender knows that it left.
                                Eventually.isTrue("written", () -> asked.get().isWritten());
                                c.json("{}");
                            }
                        });
                var client =
                        new Upstream(
                                URI.create(upstream.url()),
                                Answers.WAIT,
                                new EnvironmentProxies(Map.of()))) {
            for (int i = 0; i < 3; i++) {
                Sending sending = client.send("/", Map.of("a", List.of("b")), body);
                asked.set(sending);
                sending.await(System.nanoTime() + Answers.WAIT.toNanos());
                assertEquals("{}", new String(sending.body().readAllBytes()));
                String request = upstream.requests().get(i);
                assertEquals(
                        "POST / HTTP/1.1\r\nhost: 127.0.0.1:"
                                + upstream.port()
                                + "\r\na: b\r\ncontent-length: "
                                + size
                                + "\r\n\r\n"
                                + new String(body),
                        request);
            }
            assertEquals(1, upstream.connections());
        }
    }
}
