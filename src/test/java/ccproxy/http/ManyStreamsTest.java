package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// Many streams at once through the program, with a heap of 128 MB.
class ManyStreamsTest {
    private static final int STREAMS = 500;
    private static final int EVENTS = 100;
    private static final List<String> JVM = List.of("-Xmx128m", "-XX:+ExitOnOutOfMemoryError");

    @TempDir Path folder;

    /// What a stream brought, and when its first byte came.
    private record Got(String body, long firstByteMillis) {}

    @ParameterizedTest
    @EnumSource
    void noneIsLostAndNoneOutOfOrder(Api api) throws Exception {
        var allHere = new CountDownLatch(STREAMS);
        try (var upstream = FakeUpstream.of(c -> count(c, allHere));
                var program =
                        new Program(
                                folder, JVM, "--backend", "api", "--api-base-url", upstream.url());
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Got> streams = streams(api, program, threads);
            for (int i = 0; i < STREAMS; i++) check(api, i, streams.get(i).body());
            long[] first = streams.stream().mapToLong(Got::firstByteMillis).sorted().toArray();
            long p99 = first[STREAMS * 99 / 100];
            // All of them begin together, on a machine that runs both ends and other tests.
            assertTrue(p99 < 8000, "p99 of the first byte: " + p99 + " ms");
            assertEquals(0, program.stop(), program.log());
            long lines = program.log().lines().filter(l -> l.contains("\"status\":200")).count();
            assertEquals(STREAMS, lines);
            assertTrue(!program.log().contains("pinned"), "a thread was pinned");
        }
    }

    /// Answers with its stream's number and the event's, once all are here: none of them can finish
    /// before the last has begun.
    private static void count(FakeUpstream.Connection connection, CountDownLatch allHere)
            throws Exception {
        String asked = connection.request.body();
        String number = asked.replaceFirst("(?s).*stream-(\\d+)\\..*", "$1");
        connection.stream();
        connection.chunk(FakeUpstream.START);
        allHere.countDown();
        allHere.await();
        for (int i = 0; i < EVENTS; i++) connection.text(number + "/" + i + " ");
        connection.chunk(FakeUpstream.END);
    }

    private static List<Got> streams(Api api, Program program, ExecutorService threads)
            throws Exception {
        var running = new ArrayList<Future<Got>>();
        for (int i = 0; i < STREAMS; i++) {
            String body = api.stream("stream-" + i + ".");
            running.add(
                    threads.submit(() -> {
                        long begun = System.nanoTime();
                        try (RawClient client = program.raw()) {
                            client.socket().setSoTimeout(60_000);
                            client.post(api.path, body);
                            client.awaitByte();
                            long first = (System.nanoTime() - begun) / 1_000_000;
                            return new Got(client.answer().body(), first);
                        }
                    }));
        }
        var got = new ArrayList<Got>();
        for (Future<Got> stream : running) got.add(stream.get());
        return got;
    }

    private static void check(Api api, int number, String body) {
        assertTrue(api.isWhole(body), body);
        var expected = new StringBuilder();
        for (int i = 0; i < EVENTS; i++) expected.append(number + "/" + i + " ");
        assertEquals(expected.toString(), api.streamedText(body));
        long pieces = Api.events(body).stream().filter(event -> isText(api, event)).count();
        assertEquals(EVENTS, pieces, "an event each");
    }

    private static boolean isText(Api api, JsonNode event) {
        return api == Api.CHAT
                ? !event.path("choices")
                        .path(0)
                        .path("delta")
                        .path("content")
                        .asString("")
                        .isEmpty()
                : event.path("delta").path("type").asString("").equals("text_delta");
    }

    /// Half a gigabyte for a client that reads none of it, through a heap of 128 MB.
    @Test
    void slowReaderHoldsBackItsUpstreamAndNobodyElse() throws Exception {
        String megabyte = FakeUpstream.Connection.delta("x".repeat(1 << 20));
        var sent = new java.util.concurrent.atomic.AtomicInteger();
        try (var upstream =
                        FakeUpstream.of(c -> {
                            c.stream();
                            c.chunk(FakeUpstream.START);
                            if (c.request.body().contains("flood")) {
                                for (int i = 0; i < 512; i++) {
                                    c.chunk(megabyte);
                                    sent.incrementAndGet();
                                }
                            }
                            c.text("done");
                            c.chunk(FakeUpstream.END);
                        });
                var program =
                        new Program(
                                folder,
                                JVM,
                                "--backend",
                                "api",
                                "--api-base-url",
                                upstream.url())) {
            var slow = new ArrayList<RawClient>();
            for (Api api : Api.values())
                slow.add(program.raw().post(api.path, api.stream("flood")));
            int before = -1;
            // Until nothing moves any more.
            for (int still = 0; still < 3; ) {
                long until = System.nanoTime() + 200_000_000L;
                Eventually.isTrue("time", () -> System.nanoTime() > until);
                still = sent.get() == before ? still + 1 : 0;
                before = sent.get();
            }
            assertTrue(sent.get() < 100, sent + " MB were taken from the upstream");
            quick(program);
            for (RawClient client : slow) client.close();
            assertEquals(0, program.stop(), program.log());
        }
    }

    private static void quick(Program program) throws IOException {
        long begun = System.nanoTime();
        for (Api api : Api.values()) {
            try (RawClient client = program.raw()) {
                String body = client.post(api.path, api.stream("hello")).answer().body();
                assertEquals("done", api.streamedText(body));
            }
        }
        assertTrue(System.nanoTime() - begun < 3_000_000_000L, "other streams had to wait");
    }
}
