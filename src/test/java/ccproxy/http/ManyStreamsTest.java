package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
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
    void noneIsLostAndNoneOutOfOrderAndOneMoreDoesNotWait(Api api) throws Exception {
        var begun = new CountDownLatch(STREAMS);
        var go = new CountDownLatch(1);
        try (var upstream = FakeUpstream.of(c -> count(c, begun, go));
                var program =
                        new Program(
                                folder, JVM, "--backend", "api", "--api-base-url", upstream.url());
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = new ArrayList<Future<Got>>();
            for (int i = 0; i < STREAMS; i++) {
                String body = api.stream("stream-" + i + ".");
                running.add(threads.submit(() -> ask(api, program, body)));
            }
            assertTrue(begun.await(60, TimeUnit.SECONDS), "not all have begun");
            long[] more = new long[20];
            for (int i = 0; i < more.length; i++)
                more[i] = ask(api, program, api.stream("stream-0.")).firstByteMillis();
            go.countDown();

            for (int i = 0; i < STREAMS; i++) check(api, i, running.get(i).get().body());
            Arrays.sort(more);
            // Not the slowest: others use this machine too.
            assertTrue(more[more.length / 2] < 1000, "first bytes: " + Arrays.toString(more));
            assertEquals(0, program.stop(), program.log());
            long lines = program.log().lines().filter(l -> l.contains("\"status\":200")).count();
            assertEquals(STREAMS + more.length, lines);
        }
    }

    /// Answers with its stream's number and the event's, once all have begun: none of them can
    /// finish before the last has begun. Who comes later is answered at once.
    private static void count(
            FakeUpstream.Connection connection, CountDownLatch begun, CountDownLatch go)
            throws Exception {
        String asked = connection.request.body();
        String number = asked.replaceFirst("(?s).*stream-(\\d+)\\..*", "$1");
        boolean isLate = begun.getCount() == 0;
        connection.stream();
        connection.chunk(FakeUpstream.START);
        begun.countDown();
        if (!isLate) go.await();
        for (int i = 0; i < EVENTS; i++) connection.text(number + "/" + i + " ");
        connection.chunk(FakeUpstream.END);
    }

    private static Got ask(Api api, Program program, String body) throws IOException {
        long begun = System.nanoTime();
        try (RawClient client = program.raw()) {
            client.socket().setSoTimeout(60_000);
            client.post(api.path, body);
            client.awaitByte();
            long first = (System.nanoTime() - begun) / 1_000_000;
            return new Got(client.answer().body(), first);
        }
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
                                upstream.url(),
                                "--shutdown-grace",
                                "500ms")) {
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
            // Writers that hang in a full socket do not keep the program from stopping.
            assertEquals(0, program.stop(), program.log());
            for (RawClient client : slow) client.close();
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
        Eventually.assertSoon(begun);
    }
}
