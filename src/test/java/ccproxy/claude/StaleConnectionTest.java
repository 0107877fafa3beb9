package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Kept connections that the upstream closes just as they are used: whether a request goes out
/// again, where, and how often.
@Timeout(20)
class StaleConnectionTest {
    private static String number(int n) {
        return "{\"n\":" + n + "}";
    }

    private static String ask(ApiClaude api, String text) throws InterruptedException {
        return Answers.bytes(api.ask(Answers.turn(text)));
    }

    /// What an upstream says to the second request of a kept connection before it closes.
    private static RawUpstream saying(String last) throws Exception {
        return new RawUpstream(c -> {
            c.request();
            c.json(number(c.number()));
            c.request();
            c.write(last);
        });
    }

    /// Two requests at once, so that two connections are kept.
    private static void askTwo(ApiClaude api) throws Exception {
        var other = new FutureTask<>(() -> ask(api, "b"));
        Thread.ofVirtual().start(other);
        ask(api, "a");
        other.get(5, TimeUnit.SECONDS);
    }

    /// Whose first two connections answer once, together, and close at the second request.
    private static RawUpstream.Play twoStale(RawUpstream.Play then) {
        var both = new CountDownLatch(2);
        return c -> {
            if (c.number() > 1) {
                then.on(c);
                return;
            }
            c.request();
            both.countDown();
            RawUpstream.await(both);
            c.json(number(c.number()));
            c.request();
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100_000, 5_000_000})
    void requestGoesOutOnceMoreOnANewConnectionAndUnchanged(int size) throws Exception {
        String text = "x".repeat(size);
        RawUpstream.Play answers =
                c -> {
                    c.request();
                    c.json(number(c.number()));
                    c.request();
                    c.json(number(c.number()));
                };
        try (var upstream = new RawUpstream(twoStale(answers));
                var api = Answers.api(upstream.url())) {
            askTwo(api);
            assertEquals(number(2), ask(api, text));
            List<String> requests = upstream.requests();
            assertEquals(4, requests.size());
            assertTrue(requests.get(3).contains(text));
            assertEquals(requests.get(2), requests.get(3));
            assertEquals(3, upstream.connections());
            // The other stale one is as little worth as the first, once asked for.
            assertEquals(number(2), ask(api, text));
            assertEquals(3, upstream.connections());
        }
    }

    @Test
    void requestDoesNotGoOutAThirdTime() throws Exception {
        try (var upstream = new RawUpstream(twoStale(RawUpstream.Connection::request));
                var api = Answers.api(upstream.url())) {
            askTwo(api);
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.UNREACHABLE, e.kind());
            assertEquals(4, upstream.requests().size());
            assertEquals(3, upstream.connections());
        }
    }

    @Test
    void upstreamThatEndedCannotBeReached() throws Exception {
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var api = Answers.api("http://127.0.0.1:" + listener.getLocalPort())) {
            var once = new FutureTask<>(() -> answerOnceAndEnd(listener), null);
            Thread.ofVirtual().start(once);
            assertEquals(number(0), ask(api, "hi"));
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals("the upstream cannot be reached: Connection refused", e.getMessage());
            once.get(5, TimeUnit.SECONDS);
        }
    }

    private static void answerOnceAndEnd(ServerSocket listener) {
        try (Socket client = listener.accept()) {
            listener.close();
            client.getInputStream().read(new byte[64 << 10]);
            String head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7";
            client.getOutputStream().write((head + "\r\n\r\n" + number(0)).getBytes());
            client.getInputStream().read(new byte[64 << 10]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void largeRequestHalfWrittenGoesOutOnceMore() throws Exception {
        String text = "x".repeat(5_000_000);
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.json(number(c.number()));
                            if (c.number() > 0) return;
                            c.in().readNBytes(1_000_000);
                            c.reset();
                        });
                var api = Answers.api(upstream.url())) {
            assertEquals(number(0), ask(api, "hi"));
            assertEquals(number(1), ask(api, text));
            assertTrue(upstream.requests().getLast().endsWith(text + "\"}]}"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "H",
                "HTTP/1.1 100 Continue\r\n\r\n",
                "HTTP/1.1 200 OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
            })
    void requestThatWasHeardDoesNotGoOutAgain(String last) throws Exception {
        try (var upstream = saying(last);
                var api = Answers.api(upstream.url())) {
            ask(api, "hi");
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertTrue(
                    e.kind() == ErrorKind.UNREACHABLE || e.kind() == ErrorKind.INCOMPLETE,
                    e.kind() + ": " + e.getMessage());
            assertEquals(2, upstream.requests().size());
            assertEquals(1, upstream.connections());
        }
    }

    @Test
    void cancelledRequestDoesNotGoOutAgain() throws Exception {
        var isAsked = new CountDownLatch(1);
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            c.json(number(c.number()));
                            c.request();
                            isAsked.countDown();
                            c.isClosedByClient();
                        });
                var api = Answers.api(upstream.url())) {
            ask(api, "hi");
            EventStream events = api.ask(Answers.turn("again"));
            var failure = new FutureTask<>(() -> Answers.failure(events));
            Thread.ofVirtual().start(failure);
            RawUpstream.await(isAsked);
            events.close();
            assertEquals("the answer was stopped", failure.get(5, TimeUnit.SECONDS).getMessage());
            assertEquals(2, upstream.requests().size());
            assertEquals(1, upstream.connections());
        }
    }
}
