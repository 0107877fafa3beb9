package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.http.Eventually;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The upstream's connections: when they are used again, when they end, who slows whom.
@Timeout(20)
class ApiConnectionTest {
    private static final Duration LOOK = Duration.ofMillis(20);

    private static ApiClaude api(RawUpstream upstream, Duration first, Duration idle) {
        return Answers.api(Answers.settings(upstream.url(), first, idle));
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
    void newConnectionThatTheUpstreamClosedIsNotReplaced() throws Exception {
        try (var upstream = new RawUpstream(RawUpstream.Connection::request);
                var api = api(upstream, Answers.WAIT, Answers.WAIT)) {
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.UNREACHABLE, e.kind());
            assertEquals("the upstream did not answer: the connection ended", e.getMessage());
            assertEquals(1, upstream.requests().size());
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
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.UNREACHABLE, e.kind());
            String reason = "the upstream did not answer: the connection ended within a line";
            assertEquals(reason, e.getMessage());
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
                                    c.chunk(Answers.start());
                                }
                                isAsked.countDown();
                                if (c.isClosedByClient()) isClosed.countDown();
                            });
                    var api = api(upstream, Answers.WAIT, Answers.WAIT)) {
                EventStream events = api.ask(Answers.turn("hi"));
                var reader = new FutureTask<>(() -> Answers.failure(events));
                Thread.ofVirtual().start(reader);
                RawUpstream.await(isAsked);
                long from = System.nanoTime();
                events.close();
                ApiException e = reader.get(20, TimeUnit.SECONDS);
                RawUpstream.await(isClosed);
                Eventually.assertSoon(from);
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
                                    c.chunk(Answers.start());
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
}
