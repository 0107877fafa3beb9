package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Clients that leave, dawdle, say nothing, or send too much.
@Tag("faults")
@EnabledOnOs(OS.LINUX)
class ClientFaultsTest {
    @TempDir static Path folder;
    private static FaultDrill drill;

    @BeforeAll
    static void start() throws IOException {
        // The default is a minute; who dawdles longer is cut off.
        var setup = FaultDrill.Setup.PLAIN.jvm("-Dsun.net.httpserver.maxReqTime=1");
        drill = new FaultDrill(folder, FaultDrill.Backend.API, setup);
    }

    @AfterAll
    static void stop() throws IOException {
        drill.close();
    }

    @ParameterizedTest
    @CsvSource({"CHAT, true", "CHAT, false", "MESSAGES, true", "MESSAGES, false"})
    void goneBeforeTheFirstEvent(Api api, boolean isStream) throws Exception {
        drill.upstream(FakeUpstream.Connection::await);
        leavesUpstream(api, isStream ? api.stream("x") : api.body("x"), "");
        drill.survived("client gone before the first event", "nothing");
    }

    @ParameterizedTest
    @EnumSource
    void goneAtTheFirstEvent(Api api) throws Exception {
        drill.upstream(c -> {
            c.stream();
            c.chunk(FakeUpstream.START);
            c.await();
        });
        leavesUpstream(api, api.stream("x"), api == Api.CHAT ? "assistant" : "message_start");
        drill.survived("client gone at the first event", "one event");
    }

    @ParameterizedTest
    @EnumSource
    void goneAfterTheFirstEvent(Api api) throws Exception {
        drill.upstream(c -> {
            c.stream();
            c.chunk(FakeUpstream.START);
            while (!c.isLeftWithinMillis(5)) c.text("more ");
        });
        leavesUpstream(api, api.stream("x"), "more");
        drill.survived("client gone after the first event", "a part");
    }

    /// It waits for another turn of its session, which is none the worse for it.
    @ParameterizedTest
    @EnumSource
    void goneDuringAWait(Api api) throws Exception {
        int asked = drill.asked();
        drill.upstream(c -> {
            c.await();
            FaultDrill.fine(c);
        });
        try (RawClient first = drill.raw().post("/s-" + api + api.path, api.stream("x"))) {
            FakeUpstream.Connection turn = drill.upstream().connection(asked);
            String id = "waiting-" + api;
            RawClient second = drill.raw();
            second.post("/s-" + api + api.path, api.stream("y"), "x-request-id", id).reset();
            Eventually.isTrue("it is gone", () -> drill.program().log().contains(id));
            turn.go();
            assertTrue(api.isWhole(first.answer().body()));
        }
        assertEquals(asked + 1, drill.asked(), "nobody asked for the one that left");
        drill.survived("client gone while it waits for its session", "nothing");
    }

    /// Asks, leaves when `seen` was seen, and sees that the upstream is left too.
    private static void leavesUpstream(Api api, String body, String seen) throws Exception {
        int asked = drill.asked();
        RawClient client = drill.raw().post(api.path, body);
        FakeUpstream.Connection answer = drill.upstream().connection(asked);
        client.readUntil(seen);
        client.reset();
        assertTrue(answer.isLeftWithinMillis(5000), "still asking");
    }

    /// The JDK's server must not count them for ever, nor keep what it knew of them.
    @Test
    void connectionsOfClientsThatLeftAreForgotten(@TempDir Path own) throws Exception {
        // Who counts objects leaves a thread in the process that holds them.
        try (var counted = new FaultDrill(own)) {
            counted.upstream(FakeUpstream.Connection::await);
            int asked = counted.asked();
            var clients = new ArrayList<RawClient>();
            for (int i = 0; i < 60; i++) {
                Api api = Api.values()[i % 2];
                clients.add(counted.raw());
                clients.getLast().post(api.path, i % 4 < 2 ? api.stream("x") : api.body("x"));
                // One by one: all at once may take longer than an answer may take to begin.
                counted.upstream().connection(asked + i);
            }
            for (int i = 0; i < 60; i++) {
                if (i % 3 == 0) clients.get(i).close();
                else clients.get(i).reset();
            }
            for (int i = 0; i < 60; i++) {
                assertTrue(counted.upstream().connection(asked + i).isLeftWithinMillis(5000));
            }
            Eventually.isTrue("forgotten", () -> counted.instances("HttpConnection") < 10);
        }
    }

    /// What a client does not read, the upstream does not get rid of; others do not wait for it.
    @ParameterizedTest
    @EnumSource
    void slowReader(Api api) throws Exception {
        String words = "x".repeat(32_000);
        int asked = drill.asked();
        var written = new java.util.concurrent.atomic.AtomicLong();
        drill.upstream(c -> {
            c.stream();
            c.chunk(FakeUpstream.START);
            while (written.get() < 1L << 30) {
                c.text(words);
                written.addAndGet(words.length());
            }
        });
        try (RawClient client = drill.raw().post(api.path, api.stream("x"))) {
            drill.upstream().connection(asked);
            long[] before = {-1};
            Eventually.isTrue(
                    "the upstream waits",
                    () -> {
                        long now = written.get();
                        boolean isHeld = now > 0 && now == before[0];
                        before[0] = now;
                        java.util.concurrent.locks.LockSupport.parkNanos(200_000_000);
                        return isHeld;
                    });
            drill.upstream(FaultDrill::fine);
            assertEquals("a whole answer", drill.seen(api, true));
            client.readUntil(words.substring(0, 1000));
            client.reset();
        }
        drill.survived("slow reader", "its answer, as fast as it reads; others wait for nothing");
    }

    /// Heads that dribble in are cut off; meanwhile others are served.
    @Test
    void slowloris() throws Exception {
        var clients = new ArrayList<RawClient>();
        for (int i = 0; i < 200; i++) {
            clients.add(drill.raw().write("POST /v1/messages HTTP/1.1\r\nHost: loc"));
        }
        assertEquals("a whole answer", drill.seen(Api.CHAT, true));
        Eventually.isTrue("cut off", () -> areClosed(clients));
        for (RawClient client : clients) client.close();
        drill.survived("slowloris: 200 heads that never end", "a closed connection");
    }

    private static boolean areClosed(List<RawClient> clients) {
        return clients.stream().allMatch(FaultDrill::isClosed);
    }

    @Test
    void thousandIdleConnections() throws Exception {
        var clients = new ArrayList<RawClient>();
        // One that has not asked anything for too long is closed: each asks at once, or never.
        for (int i = 0; i < 1000; i++) {
            clients.add(drill.raw());
            if (i % 2 == 0) continue;
            clients.getLast().write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertEquals(200, clients.getLast().answer().status());
        }
        assertEquals("a whole answer", drill.seen(Api.MESSAGES, true));
        for (RawClient client : clients) client.close();
        drill.survived("1,000 idle connections", "answers as ever");
    }

    /// More than the heap holds: each is answered or told to come again, none brings it down.
    @Test
    void bodiesOf32MegabytesAtOnce(@TempDir Path own) throws Exception {
        var setup = FaultDrill.Setup.PLAIN.jvm("-Xmx400m");
        byte[] body = Api.CHAT.body("x".repeat((32 << 20) - 200)).getBytes();
        var statuses = new java.util.TreeMap<Integer, Integer>();
        try (var large =
                        new FaultDrill(
                                own,
                                FaultDrill.Backend.API,
                                setup,
                                "--timeout-first-event",
                                "60s",
                                "--timeout-idle",
                                "60s");
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var sent = new ArrayList<Callable<Integer>>();
            for (int i = 0; i < 24; i++) {
                Api api = Api.values()[i % 2];
                sent.add(() -> send(large.raw(), api, body));
            }
            for (Future<Integer> status : threads.invokeAll(sent))
                statuses.merge(status.get(), 1, Integer::sum);
            assertTrue(List.of(200, 503, 529).containsAll(statuses.keySet()), statuses.toString());
            assertTrue(statuses.containsKey(200), statuses.toString());
            large.survived("24 bodies of 32 MB at once in a heap of 400 MB", statuses.toString());
        }
    }

    private static int send(RawClient client, Api api, byte[] body) throws IOException {
        try (client) {
            client.socket().setSoTimeout(60_000);
            return client.post(api.path, body).answer().status();
        }
    }
}
