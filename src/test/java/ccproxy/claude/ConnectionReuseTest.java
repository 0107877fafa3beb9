package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import ccproxy.claude.EventStream.Next;
import ccproxy.wire.ErrorKind;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which connections serve again, and that none gives one request the answer to another.
@Timeout(20)
class ConnectionReuseTest {
    private static final String FORGED =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"forged\":true}";

    private static String number(int n) {
        return "{\"n\":" + n + "}";
    }

    private static String ask(ApiClaude api) throws InterruptedException {
        return Answers.bytes(api.ask(Answers.turn("hi")));
    }

    /// Answers every request with the number of its connection, and adds this each time.
    private static RawUpstream adding(String more) throws Exception {
        return new RawUpstream(c -> {
            while (!c.request().isEmpty()) {
                String json = number(c.number());
                c.write(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                                + json.length()
                                + "\r\n\r\n"
                                + json
                                + more);
            }
        });
    }

    /// Answers every request so, with the number of its connection for `%d`.
    private static RawUpstream answering(String answer) throws Exception {
        return new RawUpstream(c -> {
            while (!c.request().isEmpty()) c.write(answer.formatted(c.number()));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {FORGED, "\r\n", "x"})
    void bytesBehindAnAnswerEndItsConnection(String more) throws Exception {
        try (var upstream = adding(more);
                var api = Answers.api(upstream.url())) {
            for (int i = 0; i < 3; i++) assertEquals(number(i), ask(api));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"content-length: 0", "transfer-encoding: chunked"})
    void bytesBehindAnEmptyAnswerEndItsConnection(String header) throws Exception {
        String body = header.contains("chunked") ? "0\r\n\r\n" : "";
        try (var upstream = answering("HTTP/1.1 529 x\r\n" + header + "\r\n\r\n" + body + FORGED);
                var api = Answers.api(upstream.url())) {
            for (int i = 0; i < 3; i++)
                assertEquals(
                        ErrorKind.OVERLOADED, Answers.failure(api.ask(Answers.turn("hi"))).kind());
            assertEquals(3, upstream.connections());
        }
    }

    @Test
    void bytesBehindTheLastEventEndItsConnection() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.head();
                            c.chunk(Answers.sse("n" + c.number()));
                            c.write("0\r\n\r\n" + FORGED);
                            c.request();
                        });
                var api = Answers.api(upstream.url())) {
            for (int i = 0; i < 3; i++) assertEquals(Answers.sse("n" + i), ask(api));
        }
    }

    @Test
    void bytesThatComeBetweenAnswersEndTheirConnection() throws Exception {
        var isIdle = new CountDownLatch(1);
        var isForged = new CountDownLatch(1);
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.json(number(c.number()));
                            RawUpstream.await(isIdle);
                            c.write(FORGED);
                            isForged.countDown();
                            c.request();
                        });
                var api = Answers.api(upstream.url())) {
            assertEquals(number(0), ask(api));
            isIdle.countDown();
            RawUpstream.await(isForged);
            assertEquals(number(1), ask(api));
            assertEquals(2, upstream.requests().size());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nconnection: close\r\n",
                "HTTP/1.1 200 OK\r\nConnection: x, Close\r\n",
                "HTTP/1.0 200 OK\r\n",
                "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n"
            })
    void connectionThatServesOnceIsNotKept(String head) throws Exception {
        String answer =
                head + "content-type: application/json\r\ncontent-length: 7\r\n\r\n{\"n\":%d}";
        try (var upstream = answering(answer);
                var api = Answers.api(upstream.url())) {
            for (int i = 0; i < 3; i++) assertEquals(number(i), ask(api));
        }
    }

    /// One that no longer says anything may still listen, and must not get a request it may act on.
    @Test
    void connectionThatEndedItsAnswerIsNotKept() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
                            c.write(number(c.number()));
                            c.endOutput();
                            c.request();
                        });
                var api = Answers.api(upstream.url())) {
            for (int i = 0; i < 3; i++) assertEquals(number(i), ask(api));
            assertEquals(3, upstream.requests().size());
        }
    }

    @Test
    void readerOfAnEndedAnswerDoesNotDisturbTheNext() throws Exception {
        var isAsked = new CountDownLatch(1);
        var isRead = new CountDownLatch(1);
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.write(
                                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: "
                                            + Answers.sse("x").length()
                                            + "\r\n\r\n"
                                            + Answers.sse("x"));
                            c.request();
                            isAsked.countDown();
                            RawUpstream.await(isRead);
                            // Longer than whoever wakes late readers takes to look.
                            Thread.sleep(300);
                            c.json(number(c.number()));
                        });
                var api = Answers.api(upstream.url());
                EventStream first = api.ask(Answers.turn("hi"))) {
            Answers.event(first);
            EventStream second = api.ask(Answers.turn("hi"));
            var next = new FutureTask<>(() -> second.next(Answers.WAIT));
            Thread.ofVirtual().start(next);
            RawUpstream.await(isAsked);
            first.isReady();
            first.next(Duration.ZERO);
            isRead.countDown();
            assertInstanceOf(Next.Event.class, next.get(5, TimeUnit.SECONDS));
            assertEquals(1, upstream.connections());
        }
    }

    @Test
    void connectionsAreClosedUnlessTheyAreKept() throws Exception {
        var closed = new CountDownLatch(16);
        var asked = new AtomicInteger();
        try (var upstream =
                        new RawUpstream(c -> {
                            try {
                                while (!c.request().isEmpty()) {
                                    switch (asked.getAndIncrement() % 4) {
                                        case 0 -> c.json("{}");
                                        case 1 -> c.write("garbage\r\n\r\n");
                                        case 2 ->
                                                c.write(
                                                        "HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n");
                                        default -> {
                                            c.head();
                                            c.chunk(Answers.start());
                                        }
                                    }
                                }
                            } finally {
                                closed.countDown();
                            }
                        });
                var api = Answers.api(upstream.url())) {
            for (int i = 0; i < 8; i++) {
                ask(api);
                Answers.failure(api.ask(Answers.turn("hi")));
                Answers.failure(api.ask(Answers.turn("hi")));
                EventStream left = api.ask(Answers.turn("hi"));
                Answers.event(left);
                left.close();
            }
            ask(api);
            RawUpstream.await(closed);
            assertEquals(17, upstream.connections());
            assertEquals(33, upstream.requests().size());
        }
    }
}
