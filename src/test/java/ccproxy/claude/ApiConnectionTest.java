package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.EventStream.Next;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The upstream's connections: how long they are waited for, when they end, who slows whom.
@Timeout(20)
class ApiConnectionTest {
    private static final Duration SHORT = Duration.ofMillis(150);
    private static final Duration LOOK = Duration.ofMillis(20);

    private static ApiClaude api(RawUpstream upstream, Duration first, Duration idle) {
        return Answers.api(Answers.settings(upstream.url(), first, idle));
    }

    private static ApiException failure(EventStream events) {
        return assertThrows(
                ApiException.class,
                () -> {
                    while (!(events.next(LOOK) instanceof Next.End)) {}
                });
    }

    private static String start() {
        return Answers.sse("x").substring(0, Answers.sse("x").indexOf("event: content"));
    }

    @Test
    void silentUpstreamIsATimeout() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.isClosedByClient();
                        });
                var api = api(upstream, SHORT, Answers.WAIT)) {
            ApiException e = failure(api.ask(Answers.turn("hi")));
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
            assertEquals(ErrorKind.TIMEOUT, failure(events).kind());
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
                            c.chunk(start());
                            c.isClosedByClient();
                        });
                var api = api(upstream, Answers.WAIT, SHORT)) {
            EventStream events = api.ask(Answers.turn("hi"));
            assertEquals("message_start", Answers.event(events).name());
            long from = System.nanoTime();
            ApiException e = failure(events);
            assertEquals(ErrorKind.TIMEOUT, e.kind());
            assertTrue(System.nanoTime() - from < TimeUnit.SECONDS.toNanos(3));
        }
    }

    @Test
    void pingsAndCommentsAreSignsOfLife() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.head();
                            for (int i = 0; i < 20; i++) {
                                c.chunk(
                                        i % 2 == 0
                                                ? ": still here\n\n"
                                                : "event: ping\ndata: {\"type\": \"ping\"}\n\n");
                                Thread.sleep(20);
                            }
                            c.chunk(Answers.sse("done"));
                            c.end();
                        });
                var api = api(upstream, SHORT, SHORT)) {
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
                ApiException e = failure(api.ask(Answers.turn("hi")));
                assertEquals(ErrorKind.TIMEOUT, e.kind());
                assertEquals("no connection to the upstream in time", e.getMessage());
            } finally {
                for (Socket socket : queued) socket.close();
            }
        }
    }

    @Test
    void connectionServesOneRequestAfterTheOther() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            while (!c.request().isEmpty()) {
                                c.head();
                                c.chunk(Answers.sse("x"));
                                c.end();
                                c.request();
                                c.json("{\"type\":\"message\"}");
                            }
                        });
                var api = api(upstream, Answers.WAIT, Answers.WAIT)) {
            for (int i = 0; i < 6; i++) Answers.all(api.ask(Answers.turn("hi")));
            assertEquals(6, upstream.requests().size());
            assertEquals(1, upstream.connections());
        }
    }

    @Test
    void keptConnectionThatTheUpstreamClosedIsReplacedOnce() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.json("{\"type\":\"message\",\"n\":" + c.number() + "}");
                            c.request();
                        });
                var api = api(upstream, Answers.WAIT, Answers.WAIT)) {
            Answers.all(api.ask(Answers.turn("hi")));
            assertEquals(
                    "{\"type\":\"message\",\"n\":1}",
                    Answers.bytes(api.ask(Answers.turn("again"))));
            assertEquals(3, upstream.requests().size());
            assertEquals(2, upstream.connections());
        }
    }

    @Test
    void keptConnectionThatTheUpstreamResetIsReplaced() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.json("{\"type\":\"message\"}");
                            c.request();
                            c.reset();
                        });
                var api = api(upstream, Answers.WAIT, Answers.WAIT)) {
            Answers.all(api.ask(Answers.turn("hi")));
            Answers.all(api.ask(Answers.turn("again")));
            assertEquals(3, upstream.requests().size());
        }
    }

    @Test
    void requestIsNeverSentThreeTimes() throws Exception {
        try (var upstream = new RawUpstream(RawUpstream.Connection::request);
                var api = api(upstream, Answers.WAIT, Answers.WAIT)) {
            assertEquals(ErrorKind.UNREACHABLE, failure(api.ask(Answers.turn("hi"))).kind());
            assertEquals(2, upstream.requests().size());
        }
    }

    @Test
    void requestIsNotSentAgainOnceSomethingWasRead() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            if (c.number() == 0) c.write("HTTP/1.1 200 OK\r\ncontent-ty");
                            else c.json("{}");
                        });
                var api = api(upstream, Answers.WAIT, Answers.WAIT)) {
            assertEquals(ErrorKind.UNREACHABLE, failure(api.ask(Answers.turn("hi"))).kind());
            assertEquals(1, upstream.requests().size());
        }
    }

    @Test
    void closeEndsTheConnectionAndWakesTheReader() throws Exception {
        for (boolean hasHead : new boolean[] {false, true}) {
            var isAsked = new CountDownLatch(1);
            var isClosed = new CountDownLatch(1);
            try (var upstream =
                            new RawUpstream(c -> {
                                c.request();
                                if (hasHead) {
                                    c.head();
                                    c.chunk(start());
                                }
                                isAsked.countDown();
                                if (c.isClosedByClient()) isClosed.countDown();
                            });
                    var api = api(upstream, Answers.WAIT, Answers.WAIT)) {
                EventStream events = api.ask(Answers.turn("hi"));
                var reader = new FutureTask<>(() -> failure(events));
                Thread.ofVirtual().start(reader);
                RawUpstream.await(isAsked);
                long from = System.nanoTime();
                events.close();
                ApiException e = reader.get(5, TimeUnit.SECONDS);
                RawUpstream.await(isClosed);
                assertTrue(
                        System.nanoTime() - from < TimeUnit.SECONDS.toNanos(2), "it took too long");
                assertEquals("the answer was stopped", e.getMessage());
            }
        }
    }

    @Test
    void interruptedReaderSaysSo() throws Exception {
        for (boolean hasHead : new boolean[] {false, true}) {
            try (var upstream =
                            new RawUpstream(c -> {
                                c.request();
                                if (hasHead) {
                                    c.head();
                                    c.chunk(start());
                                }
                                c.isClosedByClient();
                            });
                    var api = api(upstream, Answers.WAIT, Answers.WAIT);
                    EventStream events = api.ask(Answers.turn("hi"))) {
                if (hasHead) Answers.event(events);
                Thread.currentThread().interrupt();
                assertThrows(InterruptedException.class, () -> events.next(Answers.WAIT));
                assertFalse(Thread.interrupted());
            }
        }
    }

    @Test
    void unreadStreamHoldsBackTheUpstream() throws Exception {
        var written = new AtomicLong();
        byte[] event = ("event: e\ndata: {\"x\":\"" + "y".repeat(60_000) + "\"}\n\n").getBytes();
        long all = 2000L * event.length;
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.head();
                            for (int i = 0; i < 2000; i++) {
                                c.chunk(event);
                                written.addAndGet(event.length);
                            }
                        });
                var api = api(upstream, Answers.WAIT, Answers.WAIT);
                EventStream events = api.ask(Answers.turn("hi"))) {
            Answers.event(events);
            // It has come to rest when nothing was written for a while.
            for (long last = -1; last != written.get(); Thread.sleep(200)) last = written.get();
            assertTrue(written.get() < all / 4, written + " bytes were written for nobody");
            for (int i = 0; i < 100; i++) Answers.event(events);
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
                            int cut = start().length();
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
                            c.chunk(start() + "event: ping\ndata: {\"type\": \"ping\"}\n\nda");
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
