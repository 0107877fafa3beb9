package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.EventStream.Next;
import ccproxy.http.Eventually;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How long the upstream is waited for, and what comes when.
@Timeout(20)
class ApiTimeTest {
    private static final Duration SHORT = Duration.ofMillis(150);
    private static final Duration LOOK = Duration.ofMillis(20);

    private static ApiClaude api(RawUpstream upstream, Duration first, Duration idle) {
        return Answers.api(Answers.settings(upstream.url(), first, idle));
    }

    @Test
    void silentUpstreamIsATimeout() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.isClosedByClient();
                        });
                var api = api(upstream, SHORT, Answers.WAIT)) {
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.TIMEOUT, e.kind());
            assertEquals("the upstream was silent for 150 ms", e.getMessage());
        }
    }

    @Test
    void headersAloneAreNoFirstEvent() throws Exception {
        var isClosed = new CountDownLatch(1);
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.head();
                            if (c.isClosedByClient()) isClosed.countDown();
                        });
                var api = api(upstream, SHORT, Duration.ofMillis(1))) {
            EventStream events = api.ask(Answers.turn("hi"));
            assertEquals(ErrorKind.TIMEOUT, Answers.failure(events).kind());
            RawUpstream.await(isClosed);
            assertInstanceOf(Next.End.class, events.next(LOOK));
        }
    }

    @Test
    void silenceBetweenEventsIsATimeout() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.head();
                            c.chunk(Answers.start());
                            c.isClosedByClient();
                        });
                var api = api(upstream, Answers.WAIT, SHORT)) {
            EventStream events = api.ask(Answers.turn("hi"));
            assertEquals("message_start", Answers.event(events).name());
            long from = System.nanoTime();
            ApiException e = Answers.failure(events);
            assertEquals(ErrorKind.TIMEOUT, e.kind());
            Eventually.assertSoon(from);
        }
    }

    @Test
    void pingsAndCommentsAreSignsOfLife() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.head();
                            for (int i = 0; i < 40; i++) {
                                c.chunk(
                                        i % 2 == 0
                                                ? ": still here\n\n"
                                                : "event: ping\ndata: {\"type\": \"ping\"}\n\n");
                                Thread.sleep(20);
                            }
                            c.chunk(Answers.sse("done"));
                            c.end();
                        });
                var api = api(upstream, Duration.ofMillis(500), Duration.ofMillis(500))) {
            assertEquals("done", Answers.text(api.ask(Answers.turn("hi"))));
        }
    }

    @Test
    void commentsDoNotHoldTheReader() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.head();
                            while (true) {
                                c.chunk(": still here\n\n");
                                Thread.sleep(5);
                            }
                        });
                var api = api(upstream, Answers.WAIT, Answers.WAIT);
                EventStream events = api.ask(Answers.turn("hi"))) {
            assertInstanceOf(Next.Quiet.class, events.next(Duration.ofMillis(100)));
            assertInstanceOf(Next.Quiet.class, events.next(Duration.ofMillis(100)));
        }
    }

    @Test
    void upstreamThatDoesNotAcceptIsATimeout() throws Exception {
        try (var full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var queued = new ArrayList<Socket>();
            boolean isFull = false;
            for (int i = 0; i < 10 && !isFull; i++) {
                var socket = new Socket();
                queued.add(socket);
                try {
                    socket.connect(full.getLocalSocketAddress(), 100);
                } catch (java.net.SocketTimeoutException _) {
                    isFull = true;
                }
            }
            try (var api = Answers.api("http://127.0.0.1:" + full.getLocalPort())) {
                ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
                assertEquals(ErrorKind.TIMEOUT, e.kind());
                assertEquals("no connection to the upstream in time", e.getMessage());
            } finally {
                for (Socket socket : queued) socket.close();
            }
        }
    }

    @Test
    void zippedEventsArriveOneByOne() throws Exception {
        var isRead = new CountDownLatch(1);
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.head("content-encoding: gzip");
                            var bytes = new ByteArrayOutputStream();
                            var zip = new GZIPOutputStream(bytes, true);
                            String sse = Answers.sse("zipped");
                            int cut = Answers.start().length();
                            zip.write(sse.substring(0, cut).getBytes());
                            zip.flush();
                            // The header of the format in two pieces, with a pause.
                            byte[] first = bytes.toByteArray();
                            c.chunk(java.util.Arrays.copyOf(first, 4));
                            Thread.sleep(60);
                            c.chunk(java.util.Arrays.copyOfRange(first, 4, first.length));
                            RawUpstream.await(isRead);
                            bytes.reset();
                            zip.write(sse.substring(cut).getBytes());
                            zip.close();
                            c.chunk(bytes.toByteArray());
                            c.end();
                        });
                var api = api(upstream, Answers.WAIT, Answers.WAIT);
                EventStream events = api.ask(Answers.turn("hi"))) {
            Next first = events.next(LOOK);
            while (first instanceof Next.Quiet) first = events.next(LOOK);
            assertEquals("message_start", ((Next.Event) first).event().name());
            isRead.countDown();
            String rest = Answers.bytes(events);
            assertTrue(rest.endsWith("data: {\"type\":\"message_stop\"}\n\n"), rest);
        }
    }

    @Test
    void eventsAtHandAreKnown() throws Exception {
        var isOver = new CountDownLatch(1);
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.head();
                            c.chunk(
                                    Answers.start()
                                            + "event: ping\ndata: {\"type\": \"ping\"}\n\nda");
                            RawUpstream.await(isOver);
                        });
                var api = api(upstream, Answers.WAIT, Answers.WAIT);
                EventStream events = api.ask(Answers.turn("hi"))) {
            assertFalse(events.isReady());
            Answers.event(events);
            assertTrue(events.isReady());
            Answers.event(events);
            assertFalse(events.isReady());
            isOver.countDown();
        }
    }
}
