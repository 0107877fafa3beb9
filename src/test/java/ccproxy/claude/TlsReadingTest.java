package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.EventStream.Next;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What TLS brings: in whatever pieces it comes, and whatever it ends with.
@Timeout(30)
class TlsReadingTest {
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

    private static String ask(ApiClaude api) throws InterruptedException {
        return Answers.bytes(api.ask(Answers.turn("hi")));
    }

    /// Passes the first bytes on piece by piece, each once the reader has waited for it in vain.
    private static void inPieces(RawUpstream.Connection back, byte[] bytes, Semaphore isAwaited)
            throws Exception {
        int from = 0;
        for (int to : new int[] {1, 3, 5, 6, bytes.length / 2, bytes.length}) {
            if (!isAwaited.tryAcquire(5, TimeUnit.SECONDS)) return;
            back.write(Arrays.copyOfRange(bytes, from, to));
            from = to;
        }
    }

    @Test
    void recordInPiecesIsReadInTimeAndWhole() throws Exception {
        var isSlow = new AtomicBoolean();
        var isStarted = new CountDownLatch(1);
        var isAwaited = new Semaphore(0);
        var waits = new AtomicInteger();
        try (var upstream =
                        secure(c -> {
                            c.request();
                            c.head();
                            c.chunk(Answers.start());
                            RawUpstream.await(isStarted);
                            c.chunk(Answers.sse("whole").substring(Answers.start().length()));
                            c.end();
                            c.request();
                        });
                var line =
                        new RawUpstream(c ->
                                Relay.to(
                                        upstream.port(),
                                        c,
                                        (back, bytes) -> {
                                            if (isSlow.getAndSet(false))
                                                inPieces(back, bytes, isAwaited);
                                            else back.write(bytes);
                                        }));
                var api = api(line);
                EventStream events = api.ask(Answers.turn("hi"))) {
            var text = new StringBuilder(new String(Answers.event(events).raw()));
            isSlow.set(true);
            isStarted.countDown();
            var rest =
                    new FutureTask<>(() -> {
                        while (true) {
                            // So long that no timer ends it, but whoever wakes late readers.
                            switch (events.next(Duration.ofMillis(320))) {
                                case Next.Event(var event) -> text.append(new String(event.raw()));
                                case Next.Quiet(), Next.Queued() -> {
                                    waits.incrementAndGet();
                                    isAwaited.release();
                                }
                                case Next.End() -> {
                                    return text.toString();
                                }
                            }
                        }
                    });
            Thread.ofVirtual().start(rest);
            assertEquals(Answers.sse("whole"), rest.get(20, TimeUnit.SECONDS));
            assertTrue(waits.get() >= 6, waits + " waits");
        }
    }

    private static final String UNFRAMED =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"n\":1}";

    @Test
    void farewellEndsABodyWithoutALength() throws Exception {
        try (var upstream =
                        secure(c -> {
                            c.request();
                            c.write(UNFRAMED);
                        });
                var api = api(upstream)) {
            assertEquals("{\"n\":1}", ask(api));
        }
    }

    /// Anyone on the way can close a connection; only the upstream can say that this was all.
    @Test
    void brokenLineDoesNotEndABodyWithoutALength() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            var secure =
                                    (SSLSocket)
                                            localhost
                                                    .getSocketFactory()
                                                    .createSocket(c.socket(), null, false);
                            secure.getInputStream().read(new byte[16 << 10]);
                            secure.getOutputStream().write(UNFRAMED.getBytes());
                        });
                var api = api(upstream)) {
            ApiException e = Answers.failure(api.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.UNREACHABLE, e.kind());
            assertEquals("the upstream's answer broke off before its end", e.getMessage());
        }
    }

    @Test
    void bytesBehindAnAnswerInItsRecordEndItsConnection() throws Exception {
        String forged =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        String head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
        try (var upstream =
                        secure(c -> {
                            c.request();
                            // As long as one read, so that what follows is left in the record.
                            int length = (8 << 10) - head.length() - "NNNN\r\n\r\n".length();
                            String json = "{\"n\":" + c.number() + "}";
                            String body = json + " ".repeat(length - json.length());
                            c.write(head + length + "\r\n\r\n" + body + forged);
                            c.request();
                        });
                var api = api(upstream)) {
            for (int i = 0; i < 3; i++) assertEquals("{\"n\":" + i + "}", ask(api).strip());
        }
    }

    @Test
    void keptConnectionIsLookedAtAfterAWhile() throws Exception {
        try (var upstream =
                        secure(c -> {
                            while (!c.request().isEmpty()) c.json("{\"n\":" + c.number() + "}");
                        });
                var api = api(upstream)) {
            ask(api);
            // After a second a look is worth a read.
            Thread.sleep(1100);
            assertEquals("{\"n\":0}", ask(api));
            assertEquals(2, upstream.requests().size());
        }
    }
}
